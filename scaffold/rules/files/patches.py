"""Patches of engines."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.native import is_build_script
from scaffold.directory.patches import unstopped_patch
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class PatchUnchecked(Rule):
    """A build ends where a patch does not apply.

    Why: engines move on, and one day a patch for one is rejected. A script that goes on builds half of it,
    and ends much later with an error of the compiler that says nothing of the patch; or it does not end, and
    what the patch repaired is broken again. So it was with LocalAI's llama-cpp and the forks that borrow its
    script (#10866).

    Fails: in `prepare.sh`

        for patch in patches/*; do
            patch -d finch -p1 < "$patch"
        done

    Passes:

        set -e
        for patch in patches/*; do
            patch -d finch -p1 < "$patch"
        done

    `set -e` has to stand above. A patch of which the script asks whether it applied (`if`, `||`) is fine.

    Fix: write `set -e` at the top of the script.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in registry.backends:
            files = registry.files(name)
            for text in files.texts(filter(is_build_script, files.names)):
                offset = unstopped_patch(text.shell) if b"patch" in text.data else None
                if offset is not None:
                    yield self.finding(
                        text.place(offset),
                        name,
                        f"patches of {text.path}",
                        f"a patch that does not apply does not end {text.path}: the build goes on without it",
                        "write `set -e` at the top of the script",
                    )
