"""Refuse a request that is meant for another model than the loaded one.

A port can be reused by another model's backend while the caller still holds the
old address. Requests therefore carry the model they mean in ModelIdentity; it is
compared with the Model of the last successful LoadModel. Either side empty: no check.
"""

import asyncio
import inspect

import grpc

MODEL_MISMATCH_SENTINEL = "model identity mismatch"


class ModelIdentityState:
    """What this process has loaded."""

    def __init__(self):
        self.loaded = ""

    def record(self, request, result):
        if getattr(result, "success", True):
            self.loaded = getattr(request, "Model", "")

    def mismatch(self, request):
        """The reason to refuse `request`, or None."""
        requested = getattr(request, "ModelIdentity", "")
        if not requested or not self.loaded or requested == self.loaded:
            return None
        return f"{MODEL_MISMATCH_SENTINEL}: loaded {self.loaded!r}, requested {requested!r}"


def _rebuild(handler, behavior):
    make = (
        grpc.unary_stream_rpc_method_handler
        if handler.response_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    return make(
        behavior,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def _is_load(details):
    return details.method.endswith("/LoadModel")


class ModelIdentityInterceptor(grpc.ServerInterceptor):
    """For grpc.server()."""

    def __init__(self, state=None):
        self.state = state or ModelIdentityState()

    def intercept_service(self, continuation, handler_call_details):
        handler = continuation(handler_call_details)
        if handler is None or handler.request_streaming:
            return handler
        call = handler.unary_stream if handler.response_streaming else handler.unary_unary

        def load(request, context):
            result = call(request, context)
            self.state.record(request, result)
            return result

        def guard(request, context):
            reason = self.state.mismatch(request)
            if reason:
                context.abort(grpc.StatusCode.NOT_FOUND, reason)
            return call(request, context)

        return _rebuild(handler, load if _is_load(handler_call_details) else guard)


async def _run(call, request, context):
    """Call a method that may be synchronous without blocking the event loop."""
    if inspect.iscoroutinefunction(call):
        return await call(request, context)
    return await asyncio.to_thread(call, request, context)


async def _items(stream):
    if hasattr(stream, "__aiter__"):
        async for item in stream:
            yield item
        return
    iterator, end = iter(stream), object()
    while (item := await asyncio.to_thread(next, iterator, end)) is not end:
        yield item


class AsyncModelIdentityInterceptor(grpc.aio.ServerInterceptor):
    """For grpc.aio.server()."""

    def __init__(self, state=None):
        self.state = state or ModelIdentityState()

    async def intercept_service(self, continuation, handler_call_details):
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_streaming:
            return handler
        call = handler.unary_stream if handler.response_streaming else handler.unary_unary

        async def check(request, context):
            reason = self.state.mismatch(request)
            if reason:
                await context.abort(grpc.StatusCode.NOT_FOUND, reason)

        async def load(request, context):
            result = await _run(call, request, context)
            self.state.record(request, result)
            return result

        async def guard(request, context):
            await check(request, context)
            return await _run(call, request, context)

        async def guard_stream(request, context):
            await check(request, context)
            async for item in _items(call(request, context)):
                yield item

        if _is_load(handler_call_details):
            return _rebuild(handler, load)
        return _rebuild(handler, guard_stream if handler.response_streaming else guard)
