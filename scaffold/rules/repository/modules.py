"""Go modules that sources of the repository need."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.go_imports import known_modules, unknown_imports
from scaffold.directory.text import text_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity

FOLDERS = (".github", "backend/go")
MODULE = "go.mod"


class GoModuleMissing(Rule):
    """`go.mod` says where each package comes from that Go programs of backends and workflows import.

    Why: Go builds nothing with an import of which `go.mod` has no module. `go mod tidy` does not see folders
    whose name begins with a dot, and takes away what only programs in them need: LocalAI's gallery agent in
    `.github` stopped with each update of the dependencies (#9397).

    Fails: no `github.com/example/yaml` in `go.mod`, and in `.github/agent/main.go`

        import "github.com/example/yaml"

    Passes: the same, and in `go.mod`

        require github.com/example/yaml v1.4.0

    A folder with a `go.mod` of its own is held to that, and none to one beside a `go.work`.

    Fix: add the module with `go get`, and import it somewhere that `go mod tidy` sees; or import another.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Imports without a module, each once for a folder."""
        tree = registry.tree
        modules = (
            known_modules(tree.read(MODULE) or b"") if tree.read("go.work") is None else frozenset[bytes]()
        )
        if not modules:
            return
        told: set[tuple[str, str]] = set()
        of = {registry.directory(name): name for name in registry.backends}
        for path in (path for folder in FOLDERS for path in tree.files(folder) if path.endswith(".go")):
            parts = path.split("/")
            above = ("/".join(parts[:end]) for end in range(1, len(parts)))
            backend = of.get("/".join(parts[:3]), "")
            if "/testdata/" in path or "/_" in path or (registry.only is not None and not backend):
                continue
            if any(tree.read(f"{folder}/{MODULE}") is not None for folder in above):
                continue
            text = text_of(path, tree.read(path) or b"")
            for name, offset in unknown_imports(text.data, modules):
                folder = path.rpartition("/")[0]
                if (folder, name) not in told:
                    told.add((folder, name))
                    yield self.finding(
                        text.place(offset),
                        backend,
                        f"{folder} {name}",
                        f"{MODULE} has no module with {name}: this does not build",
                        f"add it with `go get {name}`, or import another",
                    )
