"""The use cases that a model's configuration may name, as LocalAI's Go source lists them."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.checkout.tree import Tree

MODEL_CONFIG = "core/config/model_config.go"
"""Lists the use cases, and guesses by its backend those of a model that names none."""

_FLAGS = re.compile(rb"\"FLAG_(\w+)\":")
_OTHER_FLAG = re.compile(rb"(?m)^[ \t]*+[\w.(]+:[^=]")
"""One whose name the list does not spell."""


def use_cases(tree: Tree) -> frozenset[str]:
    """Their names in lower case, without `FLAG_`; none where the list is not there or does not spell all."""
    return _listed(tree.read(MODEL_CONFIG) or b"")


@lru_cache(maxsize=4)
def _listed(code: bytes) -> frozenset[str]:
    start = code.find(b"func GetAllModelConfigUsecases(")
    listed = code[start : code.find(b"\n}", start)] if start >= 0 else b""
    flags = [] if _OTHER_FLAG.search(listed) else _FLAGS.findall(listed)
    return frozenset(flag.decode().lower() for flag in flags)
