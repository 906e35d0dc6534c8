"""What is left of a Makefile on macOS."""

from __future__ import annotations

import pytest

from scaffold.directory.make_system import on_darwin
from scaffold.directory.text import Text

ASKS = "ifeq ($(OS),Darwin)\n"


@pytest.mark.parametrize(
    ("makefile", "left"),
    [
        (f"E=so\n{ASKS}\tE=dylib\nendif\na.$(E):\n", "a.dylib:"),
        (f"{ASKS}E=dylib\nelse\nE=so\nendif\na.${{E}}:\n", "a.dylib:"),
        ("U := $(shell uname -s)\nifeq ($(U),Linux)\nE=so\nelse\nE=dylib\nendif\na.$(E):\n", "a.dylib:"),
        ("ifneq ($(shell uname),Darwin)\nE=so\nelse ifeq ($(X),1)\nE=a\nendif\na.$(E):\n", "a.$(E):"),
        ("ifeq ($(X),1)\nE=a\nelse ifeq ($(OS),Darwin)\nE=b\nelse\nE=c\nendif\na.$(E):\n", "a.$(E):"),
        ("ifeq ($(OS),Linux)\nE=a\nelse ifeq ($(OS),Darwin)\nE=b\nelse\nE=c\nendif\na.$(E):\n", "a.b:"),
        (f"{ASKS}ifeq ($(X),1)\nendif\nE=b\nendif\na.$(E):\n", "a.b:"),
        ("U := $(shell uname -s)\nU=x\nifeq ($(U),Darwin)\nE=b\nendif\na.$(E):\n", "a.$(E):"),
        ("E?=so\na.$(E):\n", "a.$(E):"),
        ("E=a\nE+=so\na.$(E):\n", "a.$(E):"),
        ("E=$(X)\na.$(E):\n", "a.$(E):"),
        ("E=so\nb: E=x\na.$(E):\n", "a.$(E):"),
        ("E=so\nb:\n\tE=x $(MAKE) c\na.$(E):\n", "a.$(E):"),
        (f"{ASKS}a.x:\nelse\na.so:\nendif\n", "a.x:"),
    ],
)
def test_what_macos_reads(makefile: str, left: str) -> None:
    text = Text("backend/go/lark/Makefile", makefile.encode())
    lines = [line.text.decode().strip() for line in on_darwin(text).lines]
    assert [line for line in lines if line.startswith("a.")][-1] == left
