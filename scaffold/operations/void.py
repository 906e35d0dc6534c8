"""What rules say of a file that is not what they take it for: nothing of it counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scaffold.checkout.door import Kind
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.pipeline.model import FOLDER
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Rule


class _MetError(Exception):
    """A spoilt file was asked for."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class _Veiled(Overlay):
    """A tree that ends whoever looks at some of its files or folders, as soon as there are any."""

    def __init__(self, base: Tree) -> None:
        super().__init__(base, {})
        self.spoilt: Collection[str] = ()

    def _look(self, path: str) -> None:
        for spoilt in self.spoilt:
            if path == spoilt or path.startswith(f"{spoilt}/"):
                raise _MetError(spoilt)

    def read(self, path: str) -> bytes | None:
        self._look(path)
        return super().read(path)

    def content(self, path: str) -> bytes | None:
        self._look(path)
        return super().content(path)

    def kind(self, path: str) -> Kind | None:
        self._look(path)
        return super().kind(path)

    def names(self, folder: str) -> list[str]:
        self._look(folder)
        return super().names(folder)

    def list(self, folder: str) -> list[str]:
        self._look(folder)
        return super().list(folder)

    def is_dir(self, path: str) -> bool:
        self._look(path)
        return super().is_dir(path)

    def files(self, folder: str) -> Iterator[str]:
        self._look(folder)
        return super().files(folder)


def void(
    repository: Repository, findings: Sequence[Finding], old: Collection[int], rules: Mapping[str, Rule]
) -> dict[int, int]:
    """Position of each finding that stands on a spoilt file -> that of the finding which says so.

    Each rule is asked once more, in a tree where the spoilt files end it: what reads one of them says
    nothing that counts.
    """
    found: dict[int, int] = {}
    if not isinstance(repository, Registry):
        return found
    for side in (False, True):
        own = [(at, f) for at, f in enumerate(findings) if (at in old) is side and f.rule in rules]
        causes: dict[str, int] = {}
        for at, finding in sorted(own, key=lambda one: bool(rules[one[1].rule].explained_by)):
            if rules[finding.rule].spoils(finding):
                first = causes.setdefault(finding.absent or finding.path, at)
                if first != at:
                    found[at] = first
        met = _met(repository, causes, [rules[slug] for slug in dict.fromkeys(f.rule for _, f in own)])
        for at, finding in (one for one in own if one[0] not in causes.values()):
            spoilt = finding.path if finding.path in causes else met.get(finding.rule, "")
            if spoilt:
                found.setdefault(at, causes[spoilt])
    return found


def _met(registry: Registry, spoilt: Iterable[str], rules: Iterable[Rule]) -> dict[str, str]:
    """Rule -> the first spoilt file that it looks at.

    A rule about workflows looks at each of them: it meets what it misses, and what is none.
    """
    found: dict[str, str] = {}
    paths = [*spoilt]
    others = [path for path in paths if registry.tree.kind(path) is None or not path.startswith(f"{FOLDER}/")]
    of_backends, of_workflows = (_veiled(registry, some) if some else None for some in (paths, others))
    for rule in rules:
        again = of_workflows if isinstance(rule, PipelineRule) else of_backends
        try:
            for _ in rule.check(again) if again is not None else ():
                pass
        except _MetError as met:
            found[rule.slug] = met.path
        except ShapeError:
            continue
    return found


def _veiled(registry: Registry, spoilt: Collection[str]) -> Registry:
    tree = _Veiled(registry.tree)
    again = Registry(tree, registry.only)
    tree.spoilt = spoilt
    return again
