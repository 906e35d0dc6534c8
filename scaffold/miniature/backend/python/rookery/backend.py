"""gRPC server of the Rookery language model backend."""

import argparse
import asyncio
import os
import signal
import sys

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "common"), os.path.join(HERE, "common")]

import backend_pb2
import backend_pb2_grpc
import rookery_engine
from grpc_auth import get_auth_interceptors

MAX_MESSAGE_SIZE = 50 * 1024 * 1024


class BackendServicer(backend_pb2_grpc.BackendServicer):
    def __init__(self):
        self.engine = None

    async def Health(self, request, context):
        return backend_pb2.Reply(message=b"OK")

    def LoadModel(self, request, context):
        try:
            rookery_engine.check_model(request.ModelFile)
            self.engine = rookery_engine.Engine(request.ModelFile)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            return backend_pb2.Result(success=False, message=str(error))
        return backend_pb2.Result(success=True, message="Model loaded")

    async def _loaded(self, context):
        if self.engine is None:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "rookery: model not loaded")
        return self.engine

    async def Predict(self, request, context):
        engine = await self._loaded(context)
        text = await asyncio.to_thread(
            lambda: "".join(engine.generate(request.Prompt, request.Tokens))
        )
        return backend_pb2.Reply(message=text.encode())

    async def PredictStream(self, request, context):
        engine = await self._loaded(context)
        pieces, end = engine.generate(request.Prompt, request.Tokens), object()
        while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
            yield backend_pb2.Reply(message=piece.encode())

    async def TokenizeString(self, request, context):
        tokens = (await self._loaded(context)).tokenize(request.Prompt)
        return backend_pb2.TokenizationResponse(length=len(tokens), tokens=tokens)


async def serve(address):
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
        ],
        interceptors=get_auth_interceptors(aio=True),
    )
    backend_pb2_grpc.add_BackendServicer_to_server(BackendServicer(), server)
    server.add_insecure_port(address)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: loop.create_task(server.stop(0)))
    await server.start()
    print(f"rookery: listening on {address}", file=sys.stderr)
    await server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Rookery language model backend")
    parser.add_argument("--addr", default="localhost:50051", help="address to listen on")
    asyncio.run(serve(parser.parse_args().addr))
