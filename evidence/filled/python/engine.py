"""Static embeddings: a text's vector is the mean of those of its tokens."""

import json
import os
import stat
import struct


def check_model(path):
    """Raise unless `path` is a table of token vectors in the safetensors format.

    LocalAI offers a model whose configuration names no backend to all of them, and keeps the
    first that accepts it: one that takes everything breaks the others.
    """
    (length,) = struct.unpack("<Q", read_start(path, 8).ljust(8, b"\xff"))
    if length > 1 << 20:
        raise ValueError(f"{path} is no safetensors file")
    tensors = json.loads(read_start(path, 8 + length)[8:])
    if len(tensors.get("embedding.weight", {}).get("shape", ())) != 2:
        raise ValueError(f"{path} has no table of token vectors, 'embedding.weight'")


def read_start(path, size):
    """The first bytes of a regular file: to read from a pipe or a device may never end."""
    with open(path, "rb", opener=lambda name, how: os.open(name, how | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path} is not a regular file")
        return file.read(size)


class Engine:
    def __init__(self, request, options):
        path = request.ModelFile
        check_model(path)
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.vectors = load_file(path)["embedding.weight"]
        self.tokenizer = Tokenizer.from_file(os.path.join(os.path.dirname(path), "tokenizer.json"))

    def embed(self, text):
        """Return a vector of length 1."""
        tokens = self.tokenizer.encode(text, add_special_tokens=False).ids
        if not tokens:
            raise ValueError("the text is empty")
        mean = self.vectors[tokens].astype("float32").mean(axis=0)
        return (mean / (mean @ mean) ** 0.5).tolist()
