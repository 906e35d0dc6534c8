"""gRPC server of the Finch text-to-speech backend."""

import argparse
import os
import signal
import sys
from concurrent import futures

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "common"), os.path.join(HERE, "common")]

import backend_pb2
import backend_pb2_grpc
import finch_engine
from grpc_auth import get_auth_interceptors

MAX_WORKERS = int(os.environ.get("PYTHON_GRPC_MAX_WORKERS", "1"))
MAX_MESSAGE_SIZE = 50 * 1024 * 1024


class BackendServicer(backend_pb2_grpc.BackendServicer):
    def __init__(self):
        self.engine = None

    def Health(self, request, context):
        return backend_pb2.Reply(message=b"OK")

    def LoadModel(self, request, context):
        try:
            finch_engine.check_model(request.ModelFile)
            self.engine = finch_engine.Engine(request.ModelFile)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            return backend_pb2.Result(success=False, message=str(error))
        return backend_pb2.Result(success=True, message="Model loaded")

    def _samples(self, request, context):
        if self.engine is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "finch-tts: model not loaded")
        return self.engine.synthesize(request.text)

    def TTS(self, request, context):
        finch_engine.write_wav(request.dst, self._samples(request, context))
        return backend_pb2.Result(success=True)

    def TTSStream(self, request, context):
        yield backend_pb2.Reply(message=b'{"sample_rate": %d}' % finch_engine.SAMPLE_RATE)
        yield backend_pb2.Reply(audio=self._samples(request, context))


def serve(address):
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=MAX_WORKERS),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
        ],
        interceptors=get_auth_interceptors(),
    )
    backend_pb2_grpc.add_BackendServicer_to_server(BackendServicer(), server)
    server.add_insecure_port(address)
    server.start()
    print(f"finch-tts: listening on {address}", file=sys.stderr)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(0))
    server.wait_for_termination()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Finch text-to-speech backend")
    parser.add_argument("--addr", default="localhost:50051", help="address to listen on")
    serve(parser.parse_args().addr)
