"""The interceptors that every Python backend passes to its gRPC server."""

import hmac
import os

import grpc
from model_identity import AsyncModelIdentityInterceptor, ModelIdentityInterceptor
from parent_watch import start_parent_death_watcher

_DENIED = (grpc.StatusCode.UNAUTHENTICATED, "invalid token")


def _authorized(details, token):
    sent = dict(details.invocation_metadata).get("authorization", "")
    return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


class TokenAuthInterceptor(grpc.ServerInterceptor):
    """Lets only calls with the bearer token through."""

    def __init__(self, token):
        self._token = token

    def intercept_service(self, continuation, handler_call_details):
        if _authorized(handler_call_details, self._token):
            return continuation(handler_call_details)

        def deny(request, context):
            context.abort(*_DENIED)

        return grpc.unary_unary_rpc_method_handler(deny)


class AsyncTokenAuthInterceptor(grpc.aio.ServerInterceptor):
    """The same for grpc.aio."""

    def __init__(self, token):
        self._token = token

    async def intercept_service(self, continuation, handler_call_details):
        if _authorized(handler_call_details, self._token):
            return await continuation(handler_call_details)

        async def deny(request, context):
            await context.abort(*_DENIED)

        return grpc.unary_unary_rpc_method_handler(deny)


def get_auth_interceptors(*, aio: bool = False):
    """Call once while building the server; `aio` for grpc.aio.server().

    The model identity check is always there, the bearer token only with
    LOCALAI_GRPC_AUTH_TOKEN. Also arms the parent watcher, since this is the one
    function that every backend calls at start.
    """
    start_parent_death_watcher()
    interceptors = [AsyncModelIdentityInterceptor() if aio else ModelIdentityInterceptor()]
    token = os.environ.get("LOCALAI_GRPC_AUTH_TOKEN", "")
    if token:
        auth = AsyncTokenAuthInterceptor if aio else TokenAuthInterceptor
        interceptors.insert(0, auth(token))
    return interceptors
