"""Functions that a script calls and that nothing it takes defines."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from scaffold.directory.text import Text

_PROGRAMS = frozenset({"install_name_tool"})
"""Programs whose names look like those of functions."""
_FUNCTION = re.compile(r"_?[A-Za-z]\w*")
_LIKE_FUNCTION = re.compile(r"[a-z][A-Z]|_")
_LOOKED_FOR = rb"(?:command|type|which|declare)(?:[ \t]+-\w+)*[ \t]+%s\b"


def undefined(script: Text, defined: Container[str]) -> Iterator[tuple[str, int]]:
    """(name, offset) of what a script calls as a function, each once, and is none of those defined.

    Programs are called in one small word, functions in several (`startBackend`, `package_gpu_libs`). What a
    script takes from a fixed place of the system may define anything.
    """
    shell, seen = script.shell, set[str]()
    taken = (c.words[1] for c in shell.commands if (c.starts("source") or c.starts(".")) and c.words[1:])
    if any(path.startswith("/") for path in taken):
        return
    for command in shell.commands:
        name = command.node.child_by_field_name("name") if command.node.type == "command" else None
        word = shell.text(name) if name is not None else ""
        if word in seen or word in shell.functions or word in defined or word in _PROGRAMS:
            continue
        if _FUNCTION.fullmatch(word) and _LIKE_FUNCTION.search(word):
            seen.add(word)
            if not re.search(_LOOKED_FOR % word.encode(), script.code):
                yield word, command.start_byte
