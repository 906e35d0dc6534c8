"""Pins in a backend's own files."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class BumpPinElsewhere(Rule):
    """An upstream is pinned where the bump bot does not look.

    Why: `bump_deps.sh` rewrites `VAR?=<sha>` in a Makefile. A commit or version that an `install.sh`
    or a CMake file fetches stays as it is until somebody remembers it: LocalAI's neutts has been at
    the same commit since February 2026 (94df096fb).

    Fine where a workflow names the file and the variable (LocalAI bumps one by a script of its own),
    and where a comment right above the pin says why it is what it is.

    Fails: in `install.sh`

        git checkout 1737487debe5b40a0bb97875edce8c66b391722b

    Passes: in the Makefile, with an entry in `bump_deps.yaml`,

        FINCH_VERSION?=1737487debe5b40a0bb97875edce8c66b391722b

    Fix: move the pin to the backend's Makefile and register it; or write above it why it is held.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in registry.backends:
            files = registry.files(name)
            for pin in files.pins_elsewhere:
                own_script = pin.variable and registry.bump_deps.calls(pin.spot.path, pin.variable)
                if own_script or pin.held:
                    continue
                what = pin.repository.removesuffix(".git").partition("://")[2] or "an upstream"
                yield self.finding(
                    pin.spot,
                    name,
                    f"pin of {pin.repository or pin.variable or 'an upstream'} in {pin.spot.path}",
                    f"{what} is pinned to {pin.spot.text[:12]} where no bump reaches it",
                    f"move it to {files.path}/Makefile as `<NAME>_VERSION?=` with an entry in "
                    f"{registry.bump_deps.path}, or write a comment above it that says why it is held",
                )
