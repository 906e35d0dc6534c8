"""What is generated of the messages, and the protobuf that it runs with."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.python import (
    COMMON_INSTALLER,
    GENERATOR,
    generates_at_end,
    installs_behind_stubs,
    newest_generator,
)
from scaffold.directory.text import text_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class GeneratorUnpinned(Rule):
    """The compiler of messages is no newer than the protobuf that the backend runs with.

    Why: what the compiler of `grpcio-tools` writes refuses an older protobuf when it is imported. A script
    that installs the newest one breaks every backend whose engine holds protobuf back, on the day of the next
    release. All images of LocalAI's vllm ended with "grpc service not ready" (#10735).

    Fails: in `install.sh`, or in `backend/python/common/libbackend.sh`

        uv pip install grpcio-tools

    Passes:

        uv pip install grpcio-tools "protobuf==${installed}"

    In a requirements file it is fine: there it is chosen together with the rest.

    Fix: name the protobuf that is installed beside it, or a version.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        scripts = [("", COMMON_INSTALLER)] if registry.only is None else []
        scripts += [
            (name, f"{registry.directory(name)}/install.sh")
            for name, lang in registry.backends.items()
            if lang == "python"
        ]
        for backend, path in scripts:
            data = registry.tree.read(path) or b""
            text = text_of(path, data) if GENERATOR.encode() in data else None
            offset = newest_generator(text.shell) if text else None
            if text and offset is not None:
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"{GENERATOR} without a version",
                    f"the newest {GENERATOR} is installed, whatever protobuf the backend has: code that it"
                    " writes refuses an older one",
                    "name the protobuf that is installed beside it, or a version",
                )


class StubsEarly(Rule):
    """What is generated of the messages is generated when everything is installed.

    Why: `installRequirements` ends with it. What `install.sh` installs behind that chooses its own protobuf,
    and may take an older one: what was generated refuses it when the backend starts, "grpc service not
    ready". LocalAI repaired six backends for it (#11057).

    Fails: in `install.sh`

        installRequirements
        uv pip install -e finch

    Passes:

        installRequirements
        uv pip install -e finch
        runProtogen

    An installation without dependencies (`--no-deps`), or of tools that have none, is fine.

    Fix: end the script with `runProtogen`.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        if not generates_at_end(registry.tree.read(COMMON_INSTALLER) or b""):
            return
        for name, lang in registry.backends.items():
            text = registry.files(name).text("install.sh") if lang == "python" else None
            offset = installs_behind_stubs(text.shell) if text else None
            if text and offset is not None:
                yield self.finding(
                    text.place(offset),
                    name,
                    "stubs before the last installation",
                    "what is installed here may bring another protobuf, and what was generated of the"
                    " messages is not generated again",
                    "end the script with `runProtogen`",
                )
