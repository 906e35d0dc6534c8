"""Start scripts of backends: what a space in a path does to them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from scaffold.backend.choices import NATIVE
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import insertion
from scaffold.directory.text import Spot
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.rules.words import some


class _RunQuoting(Rule):
    """What python-run-quoting and native-run-quoting share."""

    severity = Severity.info
    fixable = True

    @property
    @abstractmethod
    def langs(self) -> tuple[str, ...]:
        """The languages whose scripts it looks at."""

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            spots = registry.files(name).unquoted if lang in self.langs else ()
            if spots:
                script = registry.files(name).run_script
                words = list(dict.fromkeys(spot.text for spot in spots))
                yield self.finding(
                    spots[0],
                    name,
                    "quoting in run.sh",
                    f"breaks where the path has a space: {some([f'`{word}`' for word in words])} unquoted",
                    f'write `"{words[0]}"`' + (", and so for the others" if len(words) > 1 else ""),
                    fix=_quote(spots) if script and script.is_utf8 else None,
                )


class PythonRunQuoting(_RunQuoting):
    """The start script of a Python backend breaks in a folder with a space in its name.

    Why: backends live below the user's data folder: on macOS that is `Application Support`. Unquoted,
    `$(dirname $0)` splits there and the backend ends with code 127 (LocalAI #10519 repaired the others,
    35 Python backends still have it). An unquoted `$@` splits the arguments in the same way.

    Fails:

        backend_dir=$(dirname $0)
        source $backend_dir/common/libbackend.sh
        startBackend $@

    Passes:

        backend_dir=$(dirname "$0")
        source "$backend_dir"/common/libbackend.sh
        startBackend "$@"

    Fix: `check --fix` puts the quotes.
    """

    langs = ("python",)


class NativeRunQuoting(_RunQuoting):
    """The start script of a Go, C++ or Rust backend breaks in a folder with a space in its name.

    Why: backends live below the user's data folder: on macOS that is `Application Support`. Unquoted,
    `$CURDIR` splits there and the backend does not start; LocalAI repaired 26 scripts (74f07ecc3,
    #10519).

    Fails:

        exec $CURDIR/finch $@

    Passes:

        exec "$CURDIR"/finch "$@"

    Fix: `check --fix` puts the quotes.
    """

    langs = NATIVE


def _quote(spots: Sequence[Spot]) -> Fix:
    def fix(changes: ChangeSet) -> None:
        for spot in spots:
            changes.add(insertion(spot.path, spot.start, '"'), insertion(spot.path, spot.end, '"'))

    return fix
