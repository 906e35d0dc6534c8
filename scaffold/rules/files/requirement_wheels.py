"""Wheels that were built for one release of torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.directory.python import installer_of
from scaffold.directory.requirement_lines import Line, lines
from scaffold.directory.requirements import addresses
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirements import build_of
from scaffold.syntax.source import Place

_BUILT = re.compile(r"torch(\d+\.\d+)")
_HELD = re.compile(r"==(\d+\.\d+)")
ENGINES = ("lmdeploy", "sglang", "vllm", "xformers")
"""Packages that ask for one release of torch, a newer one in most of their own releases."""


class RequirementWheelTied(Rule):
    """A wheel that was built for one release of torch is installed beside that release.

    Why: a wheel with code for CUDA uses what torch does not promise to keep. Beside another release it is
    installed, and the first import ends with "undefined symbol". An engine without a version brings the torch
    of its newest release: so LocalAI's vllm came to torch 2.10 beside a flash-attn for 2.7 (#9557).

    Fails: in the requirements of one image

        vllm
        https://example.org/flash_attn-2.8.3+cu12torch2.7cxx11abiTRUE-cp310-cp310-linux_x86_64.whl

    Passes:

        torch==2.7.1
        vllm==0.9.2
        https://example.org/flash_attn-2.8.3+cu12torch2.7cxx11abiTRUE-cp310-cp310-linux_x86_64.whl

    Looked at is what the name of a wheel says, and engines that ask for one release of torch.

    Fix: pin torch, and the engine that brings it, to what the wheel was built for; or drop the wheel.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Wheels beside a torch that may be, or become, another release."""
        installer = installer_of(registry.tree)
        for name, lang in registry.backends.items() if installer.common else ():
            if lang != "python":
                continue
            files = registry.files(name)
            told = set()
            for build in sorted({build_of(entry, installer) for entry in registry.matrix.entries_of(name)}):
                texts = [*files.texts((*installer.common, *installer.specific(build)))]
                for wheel in _tied(texts):
                    problem = _problem(wheel, [line for text in texts for line in lines(text)])
                    if problem and wheel.place not in told:
                        told.add(wheel.place)
                        yield self.finding(
                            wheel.place,
                            name,
                            f"{wheel.place.path} wheel for torch {wheel.release}",
                            f"this wheel was built for torch {wheel.release}, and {problem}",
                            "pin torch, and the engine that brings it, to what the wheel was built for;"
                            " or drop the wheel",
                        )


class _Wheel(NamedTuple):
    release: str
    place: Place


def _tied(texts: list[Text]) -> Iterator[_Wheel]:
    for text in texts:
        for address, offset in addresses(text) if b".whl" in text.data else ():
            wheel = address.partition("#")[0].rpartition("/")[2]
            built = _BUILT.search(wheel) if wheel.endswith(".whl") else None
            if built:
                yield _Wheel(built[1], text.place(offset))


def _problem(wheel: _Wheel, asked: list[Line]) -> str:
    """Why torch may be another release where the wheel is installed; "" where it is that."""
    engine = next((line.name for line in asked if line.name in ENGINES and not line.held), "")
    if engine:
        return f"{engine}, which has no version here, brings the torch of its newest release"
    torch = [line for line in asked if line.name == "torch"]
    held = {found[1] for line in torch if (found := _HELD.match(line.held))}
    if held and wheel.release not in held:
        return f"torch is {min(held)} here"
    brought = any(line.name in ENGINES for line in asked)
    return "torch has no version here" if not held and not brought else ""
