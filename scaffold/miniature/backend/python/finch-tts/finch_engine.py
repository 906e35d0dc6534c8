"""Load a Finch model and turn text into a WAV file."""

import struct
import wave

MAGIC = b"FNCH"
SAMPLE_RATE = 24000


def check_model(path):
    """Raise ValueError unless `path` is a Finch model."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise ValueError(f"cannot read the model file {path!r}: {error.strerror}") from error
    if magic != MAGIC:
        raise ValueError(f"{path!r} is not a Finch model: it starts with {magic!r}, not {MAGIC!r}")


class Engine:
    """A TorchScript module behind the magic bytes: text in, samples out."""

    def __init__(self, path):
        # Slow to import; the server has to answer Health before that.
        import torch

        with open(path, "rb") as file:
            file.seek(len(MAGIC))
            self._module = torch.jit.load(file)

    def synthesize(self, text):
        """16-bit mono samples at SAMPLE_RATE."""
        samples = self._module(text).clamp(-1, 1).tolist()
        return b"".join(struct.pack("<h", round(sample * 32767)) for sample in samples)


def write_wav(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples)
