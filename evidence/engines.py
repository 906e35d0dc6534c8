"""What does a contributor touch to get from a template to an engine? Puts real ones in, and counts lines.

    python evidence/engines.py [--write]

Each of `ENGINES` is a backend that `scaffold new-backend` generates, and a real engine in it, which
tests/templates/test_engines.py builds and asks: the files of `evidence/filled/<lang>` are those that were
written anew, `edits` are lines of other files. Prints, as Markdown, the lines that are other ones, by file;
with `--write` the table goes to its place in docs/engines.md.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaffold.template.render import render

FILLED = Path(__file__).parent / "filled"
PAGE = Path(__file__).parents[1] / "docs" / "engines.md"


@dataclass(frozen=True)
class Engine:
    """A real engine in a generated backend."""

    lang: str
    name: str
    what: str
    answers: Mapping[str, Any]
    edits: Mapping[str, tuple[tuple[str, str], ...]]
    """By file: a line that the template has, and what stands there instead."""

    @property
    def all_answers(self) -> dict[str, Any]:
        """What the template is asked."""
        return {"name": self.name, **self.answers}

    def generated(self) -> dict[str, str]:
        """The text of each file of the backend's folder, as the template writes it."""
        root = f"backend/{self.lang}/{self.name}/"
        files = render(self.lang, self.all_answers)
        return {f.path.removeprefix(root): f.content.decode() for f in files if f.path.startswith(root)}

    def changed(self) -> dict[str, str]:
        """The text of each file that is another one with the engine in it."""
        folder = FILLED / self.lang
        texts = {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in folder.rglob("*")
            if path.is_file()
        }
        generated = self.generated()
        for file, edits in self.edits.items():
            text = generated[file]
            for old, new in edits:
                if text.count(old) != 1:
                    raise ValueError(f"{file} of {self.name} has {old!r} {text.count(old)} times, not once")
                text = text.replace(old, new)
            texts[file] = text
        return texts


SOURCE = {"upstream": "espeak-ng/espeak-ng", "pin": "0" * 40}
ESPEAK = {"modality": "tts", "ggml": False, **SOURCE}
ENGINES = (
    Engine(
        "go",
        "talker",
        "purego, espeak-ng by its own C interface: speech",
        {**ESPEAK, "kind": "purego", "shim": False},
        {"Makefile": (("ENGINE_LIBRARY?=\n", "ENGINE_LIBRARY?=libespeak-ng.so\n"),)},
    ),
    Engine(
        "cpp",
        "speaker",
        "espeak-ng: speech",
        ESPEAK,
        {"Makefile": (("ENGINE_TARGETS ?=\n", "ENGINE_TARGETS ?= espeak-ng\n"),)},
    ),
    Engine(
        "python",
        "words",
        "a table of token vectors in the safetensors format: embeddings",
        {"modality": "embeddings"},
        {"requirements.txt": (("protobuf\n", "protobuf\nnumpy\nsafetensors\ntokenizers\n"),)},
    ),
    Engine(
        "rust",
        "letters",
        "fontdue, TrueType fonts: images",
        {"modality": "image"},
        {"Cargo.toml": (('libc = "0.2"\n', 'fontdue = "0.9"\nlibc = "0.2"\n'),)},
    ),
)


def differences(engine: Engine) -> Iterator[tuple[str, int, int]]:
    """Each file that is another one with the engine in it, with how many lines came and went."""
    generated = engine.generated()
    for file, text in sorted(engine.changed().items()):
        lines = difflib.unified_diff(
            generated.get(file, "").splitlines(), text.splitlines(), lineterm="", n=0
        )
        signs = [line[:1] for line in lines if not line.startswith(("+++", "---"))]
        yield file, signs.count("+"), signs.count("-")


def table() -> str:
    """The lines that each engine took, as Markdown."""
    rows = ["| engine | generated | changed file | lines in | lines out |", "|---|---|---|---|---|"]
    for engine in ENGINES:
        generated = engine.generated()
        size = f"{len(generated)} files, {sum(text.count(chr(10)) for text in generated.values()):,} lines"
        for number, (file, came, went) in enumerate(differences(engine)):
            head = f"{engine.lang}: {engine.what} | {size}" if number == 0 else " | "
            rows.append(f"| {head} | `{file}` | {came} | {went} |")
    return "\n".join(rows) + "\n"


PEOPLE = (
    ("go", {"kind": "purego", "modality": "tts", **SOURCE}, "magpie-tts-cpp", 13, 774, 270),
    ("cpp", {"modality": "none", **SOURCE}, "privacy-filter", 6, 457, 0),
    ("python", {"modality": "video"}, "longcat-video", 16, 1360, 251),
    ("rust", {"modality": "tts"}, "kokoros", 9, 1007, 0),
)
"""Answers, and a backend like them that people wrote: its files, lines, and lines of tests, at LocalAI's
82c191afa; `Cargo.lock` and the upstream are not counted."""


def comparison() -> str:
    """How long a generated backend is beside one that people wrote, engine included, as Markdown."""
    rows = [
        "| generated | files | lines | of tests | people's | files | lines | of tests |",
        "|" + "---|" * 8,
    ]
    for lang, answers, name, *sizes in PEOPLE:
        generated = Engine(lang, "size", "", answers, {}).generated()
        lines = {file: text.count("\n") for file, text in generated.items() if file != "Cargo.lock"}
        tests = sum(count for file, count in lines.items() if "test" in file)
        ours = f"{len(lines)} | {sum(lines.values()) - tests} | {tests}"
        rows.append(f"| {lang}, {answers['modality']} | {ours} | {name} | {' | '.join(map(str, sizes))} |")
    return "\n".join(rows) + "\n"


FILE_BY_FILE = (
    ("the build", ("Makefile",), "`Makefile` 98"),
    (
        "start and package",
        ("run.sh", "package.sh", ".gitignore"),
        "`run.sh` 22, `package.sh` 44, `.gitignore` 12",
    ),
    ("the process and the library", ("main.go", "library.go"), "`main.go` 70"),
    ("the calls", ("backend.go", "options.go"), "`gomosstranscribecpp.go` 179"),
    ("the recording", ("media.go",), "-"),
    ("the engine's answers", ("engine.go",), "`segments.go` 156"),
    (
        "tests",
        ("backend_suite_test.go", "backend_test.go"),
        "`gomosstranscribecpp_test.go` 164, `segments_test.go` 104",
    ),
    ("for the reader", ("README.md",), "-"),
)
"""What a file is for, the generated ones, and those of moss-transcribe-cpp with their lines, at LocalAI's
82c191afa: the newest Go backend there that transcribes, alone, by an engine with a C interface of its own."""


def file_by_file() -> str:
    """A generated Go backend that transcribes beside one that people wrote, as Markdown."""
    answers = {"kind": "purego", "modality": "asr", "shim": False, **SOURCE}
    generated = Engine("go", "size", "", answers, {}).generated()
    lines = {file: text.count("\n") for file, text in generated.items()}
    rows = ["| what for | generated | moss-transcribe-cpp |", "|---|---|---|"]
    for what, files, theirs in FILE_BY_FILE:
        ours = ", ".join(f"`{file}` {lines.pop(file)}" for file in files)
        rows.append(f"| {what} | {ours} | {theirs} |")
    if lines:
        raise ValueError(f"nothing says what these are for: {', '.join(lines)}")
    counts = [text.count("\n") for text in generated.values()]
    theirs = [int(number) for *_, text in FILE_BY_FILE for number in re.findall(r"` (\d+)", text)]
    rows.append(
        f"| all | {len(counts)} files, {sum(counts)} lines | {len(theirs)} files, {sum(theirs)} lines |"
    )
    return "\n".join(rows) + "\n"


TABLES = (
    ("engine | generated", table),
    ("generated | files", comparison),
    ("what for | generated", file_by_file),
)
"""How each table of the page begins, and what makes it."""


def written(page: str) -> str:
    """The page with today's tables in the place of those that it has."""
    for head, make in TABLES:
        old = rf"\| {re.escape(head)} \|.*?\n(?!\|)"
        made = make()
        page = re.sub(old, lambda _, made=made: made, page, count=1, flags=re.DOTALL)
    return page


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(*(make() for _, make in TABLES), sep="\n", end="")
