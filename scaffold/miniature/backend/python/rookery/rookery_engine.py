"""Load a language model and continue texts."""

import json
import threading
from pathlib import Path


def check_model(path):
    """Raise ValueError unless `path` is a snapshot of a causal language model."""
    try:
        config = json.loads(Path(path, "config.json").read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"no readable config.json in {path!r}") from error
    names = config.get("architectures") or []
    if not any(name.endswith("ForCausalLM") for name in names):
        raise ValueError(f"{path!r} is not a causal language model: architectures {names}")


class Engine:
    def __init__(self, path):
        # Slow to import; the server has to answer Health before that.
        import transformers

        self._tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self._model = transformers.AutoModelForCausalLM.from_pretrained(path)
        self._streamer = transformers.TextIteratorStreamer

    def tokenize(self, text):
        return self._tokenizer.encode(text)

    def generate(self, prompt, tokens):
        """The continuation of `prompt`, piece by piece."""
        inputs = self._tokenizer(prompt, return_tensors="pt")
        streamer = self._streamer(self._tokenizer, skip_prompt=True)
        arguments = {**inputs, "max_new_tokens": tokens or 256, "streamer": streamer}
        threading.Thread(target=self._model.generate, kwargs=arguments, daemon=True).start()
        yield from streamer
