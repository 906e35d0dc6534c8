"""The join: a checkout with all its surfaces, and what they say of each backend together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scaffold.backend.choices import KINDS
from scaffold.backend.modalities import EVERY, MODALITIES, Modality, known
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree, kept_by_git
from scaffold.directory import pins
from scaffold.directory.directory import Directory
from scaffold.errors import ScaffoldError, ShapeError, UsageError, unknown
from scaffold.pipeline.image_builds import ImageBuilds, SharedInput
from scaffold.pipeline.localai import MatrixScript
from scaffold.pipeline.model import Generated
from scaffold.pipeline.repository import Repository
from scaffold.surfaces.base import Addition, Registration, Surface
from scaffold.surfaces.build_context import BuildContextSurface
from scaffold.surfaces.bump_deps import Bump, BumpDepsSurface
from scaffold.surfaces.capabilities import CapabilitiesSurface
from scaffold.surfaces.darwin import DarwinSurface
from scaffold.surfaces.dependabot import Dependabot
from scaffold.surfaces.docs import DocsSurface
from scaffold.surfaces.engines import EnginesSurface
from scaffold.surfaces.features import FeaturesSurface
from scaffold.surfaces.gallery.editing import GallerySurface
from scaffold.surfaces.hardware import Hardware
from scaffold.surfaces.importers.editing import ImporterSurface
from scaffold.surfaces.makefile.editing import MakefileSurface
from scaffold.surfaces.matrix.editing import MatrixSurface
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES
from scaffold.surfaces.matrix.siblings import Outline
from scaffold.surfaces.models import ModelGallery
from scaffold.surfaces.path_filter.editing import PathFilterSurface
from scaffold.surfaces.tables import Row, Table
from scaffold.surfaces.test_jobs import TestJobsSurface
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

MARK = "backend/index.yaml"
"""The file that only a checkout of LocalAI has."""

STARTS = ("run.sh", "backend.py", "main.go", "grpc-server.cpp", "package.sh")
"""Files that only a backend's directory holds, its start script first."""


OWN_SCRIPTS = (
    ".docker/{n}-build-target.sh",
    ".docker/{n}-compile.sh",
    "scripts/build/{n}-build-target_test.sh",
    "scripts/build/{n}-darwin.sh",
)
"""Where the scripts of a backend's own lie."""


class Registry(Repository):
    """One checkout of LocalAI."""

    def __init__(self, tree: Tree, only: str | None = None, beside: Repository | None = None) -> None:
        """Raises ShapeError where `tree` is no checkout of LocalAI.

        `only` narrows what is asked of every backend to one; `beside` is another state, to share with.
        """
        super().__init__(tree, beside)
        self.only = only
        if tree.read(MARK) is None:
            raise ShapeError(
                MARK,
                None,
                "is missing: this is no checkout of LocalAI (point --repo at one); "
                "`scaffold check --select pipeline` checks the workflows of any repository",
            )
        self.matrix = MatrixSurface(tree)
        self.gallery = GallerySurface(tree, self.matrix)
        self.makefile = MakefileSurface(tree)
        self.path_filter = PathFilterSurface(tree)
        self.bump_deps = BumpDepsSurface(tree)
        self.importers = ImporterSurface(tree)
        self.capabilities = CapabilitiesSurface(tree)
        self.test_jobs = TestJobsSurface(tree)
        self.darwin = DarwinSurface(tree)
        self.docs = DocsSurface(tree)
        self.engines = EnginesSurface(tree)
        self.features = FeaturesSurface(tree)
        self.build_context = BuildContextSurface(tree)
        self.builds = ImageBuilds(tree)
        self.hardware = Hardware(tree)
        self.dependabot = Dependabot(tree)
        self.models = ModelGallery(tree)

    @property
    def generated(self) -> Generated:
        return MatrixScript(self.tree, self.matrix)

    @property
    def surfaces(self) -> tuple[Surface, ...]:
        """Every surface, in the order in which a person would register a backend."""
        return (
            self.matrix,
            self.gallery,
            self.makefile,
            self.path_filter,
            self.darwin,
            self.bump_deps,
            self.importers,
            self.capabilities,
            self.test_jobs,
            self.docs,
            self.engines,
            self.features,
            self.build_context,
        )

    def read_ahead(self) -> None:
        super().read_ahead()
        _ = self.names, self.matrix.by_tag_suffix, self.gallery.by_tag_suffix

    @cached_property
    def directories(self) -> dict[str, str]:
        """Backend -> language, of every directory below `backend/<lang>/`."""
        found: dict[str, str] = {}
        for lang in KINDS:
            for name in self.tree.list(f"backend/{lang}"):
                if self.tree.is_dir(f"backend/{lang}/{name}"):
                    found.setdefault(name, lang)
        return found

    @cached_property
    def backends(self) -> dict[str, str]:
        """Backend -> language, of every directory that holds a backend.

        `backend/python/common` and its like are shared sources: they hold nothing that starts.
        """
        return {
            name: lang
            for name, lang in self.directories.items()
            if (self.only in (None, name))
            and any(self.tree.read(f"backend/{lang}/{name}/{file}") is not None for file in STARTS)
        }

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every backend that has a directory or a matrix entry, sorted."""
        built = (name for name in self.matrix.by_backend if name and self.only in (None, name))
        return tuple(sorted({*self.backends, *built}))

    def directory(self, name: str) -> str:
        """`backend/<lang>/<name>` of a backend; "" for one that has no directory."""
        return f"backend/{self.directories[name]}/{name}" if name in self.directories else ""

    def files(self, name: str) -> Directory:
        """What a backend's directory says, read once."""
        if name not in self._files:
            lang = self.directories.get(name, "")
            self._files[name] = Directory(self.tree, name, self.directory(name), lang)
        return self._files[name]

    @cached_property
    def _files(self) -> dict[str, Directory]:
        return {}

    @cached_property
    def inferred(self) -> tuple[list[str | None], list[str | None]]:
        """The directory that the path filter gives for every Linux and every macOS entry."""
        linux, darwin = self.path_filter.infer(self._filtered, [e.fields for e in self.matrix.darwin])
        rest = iter(linux)
        return [next(rest) if "dockerfile" in e.fields else None for e in self.matrix.linux], darwin

    @property
    def _filtered(self) -> list[dict[str, str]]:
        """The Linux entries that the path filter can look at: it reads the Dockerfile of each."""
        return [entry.fields for entry in self.matrix.linux if "dockerfile" in entry.fields]

    @cached_property
    def rebuilt(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Shared input, macOS script or lent source -> the backends whose images a change of it rebuilds."""
        scripts = [f"scripts/build/{n}" for n in self.tree.list("scripts/build") if n.endswith("-darwin.sh")]
        lent = [path for paths in self.borrowed.values() for path in paths]
        files = [*dict.fromkeys((*self.shared_inputs, *scripts, *lent))]
        return self.path_filter.rebuilt_by(
            files,
            self._filtered,
            [entry.fields for entry in self.matrix.darwin],
        )

    @cached_property
    def shared_inputs(self) -> dict[str, tuple[Place, frozenset[str]]]:
        """File outside of every backend that goes into images -> where it is taken, and by which backends.

        Backends that the path filter does not know are left out.
        """
        module = re.search(rb"(?m)^module\s+(\S+)", self.tree.read("go.mod") or b"")
        found = {
            path: (taken.place, self._built_with(taken)) for path, taken in self.builds.shared_inputs.items()
        }
        if module is None:
            return found
        imported = re.compile(rb'(?m)^[^"\n]*"' + re.escape(module[1]) + rb'/(pkg/[\w/.-]+)"')
        for name, lang in self.backends.items():
            text = self.files(name).text("main.go") if lang == "go" else None
            for match in imported.finditer(text.data) if text else ():
                assert text
                folder = match[1].decode()
                sources = (n for n in self.tree.list(folder) if n.endswith(".go"))
                first = next((n for n in sources if not n.endswith("_test.go")), None)
                if first is not None:
                    path = f"{folder}/{first}"
                    place, takers = found.get(path, (text.place(match.start(1)), frozenset()))
                    found[path] = (place, takers | ({name} & self._filtered_backends))
        return found

    def _built_with(self, taken: SharedInput) -> frozenset[str]:
        """The backends that are built from the Dockerfiles that take a file."""
        entries = (
            e
            for e in self.matrix.linux
            if e.fields.get("dockerfile", "").removeprefix("./") in taken.dockerfiles
        )
        return frozenset(entry.backend for entry in entries) & self._filtered_backends

    @cached_property
    def _filtered_backends(self) -> frozenset[str]:
        """The backends whose Linux entries the path filter maps to their own directories."""
        mapped = zip(self.matrix.linux, self.inferred[0], strict=True)
        return frozenset(e.backend for e, path in mapped if path and path == f"{self.directory(e.backend)}/")

    @cached_property
    def borrowed(self) -> dict[str, tuple[str, ...]]:
        """Native backend -> the Makefiles of the backends whose sources it builds."""
        return {
            name: tuple(f"{other.path}/Makefile" for other in files.borrowed if other.name in self.backends)
            for name, lang in self.backends.items()
            if lang != "python" and (files := self.files(name)).borrowed
        }

    @cached_property
    def documented(self) -> dict[str, list[tuple[Table, Row]]]:
        """Backend -> its rows in the compatibility table."""
        everyone = {*self.names, *filter(None, self.matrix.by_backend)}
        rows = self.docs.rows_of({name: self._called(name) for name in sorted(everyone)})
        return {name: found for name, found in rows.items() if name in self.names}

    def _called(self, name: str) -> list[str]:
        """The names and addresses under which people know a backend."""
        called = sorted(self.aliases_of(name))
        for meta in self.gallery.base_metas(name):
            called += meta.item.lists.get("urls", ())
        called += [f"github.com/{bump.repository}" for bump in self.bump_deps.bumps if bump.backend == name]
        return called

    def called_alone(self, name: str) -> set[str]:
        """The names and addresses of a backend that no other backend has."""
        others = {called for other in self.names if other != name for called in self._called(other)}
        return {*self._called(name)} - others

    def describe(self, name: str) -> Backend:
        """An existing backend as answers, as far as its surfaces tell; not validated."""
        from scaffold.backend.answers import Backend

        meta = next(iter(self.gallery.base_metas(name)), None)
        bump = next((bump for bump in self.bump_deps.bumps if bump.backend == name), None)
        pinned = self.pinned(bump) if bump else None
        return Backend.model_construct(
            name=name,
            lang=self.directories.get(name, ""),
            kind=self.kind(name),
            variants=self.variants(name),
            modalities=(self.modality(name) or "none",),
            upstream=bump.repository if bump else "",
            branch=bump.branch if bump else "",
            pin=pinned if pinned and pins.SHA.fullmatch(pinned) else "",
            tags=meta.tags if meta else (),
            prebuilt=self._prebuilt(name),
            gallery_name=meta.name if meta else "",
        )

    def outline(self, name: str) -> Outline:
        """An existing backend by what its siblings are known by."""
        return Outline(name, self.directories.get(name, ""), self.kind(name), self._prebuilt(name))

    def _prebuilt(self, name: str) -> bool:
        """Whether an existing backend is compiled on an image that has gRPC already."""
        return any(entry.prebuilt for entry in self.matrix.entries_of(name))

    def summary(self, name: str) -> str:
        """What LocalAI itself says of a backend in one sentence; "" where it says nothing."""
        said = [self.capabilities.description(alias) for alias in sorted(self.aliases_of(name))]
        said += [meta.summary for meta in self.gallery.base_metas(name)]
        return next(filter(None, said), "")

    def pinned(self, bump: Bump) -> str | None:
        """What the bot finds for an entry in its file; None where it finds nothing."""
        return pins.bumped(self.tree, bump.file, bump.variable) if bump.file else None

    def addition(self, name: str, changes: ChangeSet) -> Addition:
        """An existing backend as if it were added again, for surfaces that lack it."""
        backend = self.describe(name)
        metas = [] if backend.upstream else self.gallery.base_metas(name)
        urls = tuple(url for meta in metas for url in meta.item.lists.get("urls", ()))[:1]
        backend = backend.model_copy(update={"summary": self.summary(name), "urls": urls})
        kin = self.relatives(backend.lang, backend.kind, backend.modality, backend.variants, None)
        return Addition(backend, tuple(relative for relative in kin if relative != name), changes)

    def adding(self, name: str, plan: Callable[[Addition], None]) -> Callable[[ChangeSet], None]:
        """The change in which a surface plans what it lacks of an existing backend."""
        return lambda changes: plan(self.addition(name, changes))

    def drafted(self, name: str, path: str, plan: Callable[[Addition], None]) -> tuple[Place, str] | None:
        """The line below which a surface would write what it lacks of a backend, and the first text.

        None where there is no place for it.
        """
        changes = ChangeSet(self.tree)
        try:
            self.adding(name, plan)(changes)
        except ScaffoldError:
            return None
        edit = next((edit for edit in changes.edits if edit.path == path), None)
        if edit is None:
            return None
        above = (self.tree.read(path) or b"").count(b"\n", 0, max(edit.start - 1, 0)) + 1
        return Place(path, above), edit.text.strip()

    def first_file(self, name: str) -> str:
        """The file that stands for a backend's directory in a report."""
        folder = self.directory(name)
        present = set(self.tree.list(folder))
        return next((f"{folder}/{file}" for file in ("Makefile", *STARTS) if file in present), folder)

    def registrations(self, name: str) -> list[Registration]:
        """Every place where a backend is registered."""
        return [registration for surface in self.surfaces for registration in surface.registrations(name)]

    def places(self, name: str) -> list[Registration]:
        """Every place that a surface knows to be about a backend, surface by surface, in file order."""
        found: dict[tuple[str, str, int, str], Registration] = {}
        for surface in self.surfaces:
            own = [*surface.registrations(name), *surface.references(name)]
            if surface is self.docs:
                for table, row in self.documented.get(name, ()):
                    at, what = self.docs.place(row), f"row in {table.heading}"
                    own.append(Registration(surface.name, at.path, at.line, what))
            for place in sorted(own, key=lambda place: (place.path, place.line)):
                found.setdefault((place.surface, place.path, place.line, place.what), place)
        return list(found.values())

    @cached_property
    def other_tags(self) -> frozenset[str]:
        """Tag suffixes that jobs of their own build, outside the matrix."""
        return self.builds.tags - self.matrix.by_tag_suffix.keys()

    def all_files(self, name: str) -> Iterator[str]:
        """The files that are a backend's alone: its directory, Dockerfiles and scripts.

        What git ignores, such as a build's output, is nobody's.
        """
        folder = self.directory(name)
        yield from kept_by_git(self.tree, folder) if folder else ()
        yield from self.own_files(name)

    def own_files(self, name: str) -> list[str]:
        """The files outside of its directory that are a backend's alone: its Dockerfiles and scripts."""
        shared = {*SHARED_DOCKERFILES, *(e.dockerfile_type for e in self.matrix.linux if e.backend != name)}
        own = {name, *self.own_dockerfiles(name)} - shared
        paths = [f"backend/Dockerfile.{dockerfile}" for dockerfile in sorted(own)]
        paths += [script.replace("{n}", name) for script in OWN_SCRIPTS]
        return [path for path in paths if self.tree.read(path) is not None]

    def own_dockerfiles(self, name: str) -> frozenset[str]:
        """Suffixes of the Dockerfiles that build this backend and no other one, its language's included."""
        used = {(entry.dockerfile_type, entry.backend) for entry in self.matrix.linux}
        own = {dockerfile for dockerfile, backend in used if backend == name and dockerfile}
        return frozenset(own - {dockerfile for dockerfile, backend in used if backend != name})

    def backend_called(self, name: str) -> str | None:
        """The backend that has this name, or whose gallery item has it; None where there is none."""
        if name in self.names:
            return name
        for item in self.gallery.items:
            if name in (item.name, item.alias):
                owner = self.gallery.owner(item)
                if owner in self.names:
                    return owner
        return None

    def unknown(self, name: str) -> UsageError:
        """No backend has the name: says which one may have been meant."""
        metas = {item.name: self.gallery.owner(item) for item in self.gallery.items if item.is_meta}
        known = {meta: owner for meta, owner in metas.items() if owner in self.names}
        return unknown("backend", name, known | {own: own for own in self.names}, "scaffold status")

    def aliases_of(self, name: str) -> set[str]:
        """The names under which a backend is known: its own and its metas'."""
        return {name, *(meta.name for meta in self.gallery.base_metas(name))}

    def model_aliases(self) -> set[str]:
        """Backend names that LocalAI maps to others (`Aliases` in pkg/model/initializers.go)."""
        data = self.tree.read("pkg/model/initializers.go") or b""
        maps = re.finditer(rb"\b(\w++)(?:\s++map\[string\]string)?+\s*+=\s*+map\[string\]string\s*+\{", data)
        start = next((found.end() for found in maps if b"alias" in found[1].lower()), len(data))
        end = data.find(b"\n}", start)
        return {key.decode() for key in re.findall(rb'"([^"]+)"\s*+:', data[start : max(end, start)])}

    def kind(self, name: str) -> str:
        """The kind of an existing backend, by what its surfaces say."""
        lang = self.directories.get(name)
        if lang == "go":
            return "purego" if self.files(name).makefile_pins else "pure"
        if lang == "cpp":
            return "llama-fork" if "llama" in name or self.files(name).borrowed else "grpc"
        return {"python": "plain", "rust": "tonic"}.get(lang or "", "")

    def modality(self, name: str) -> str | None:
        """The modality of an existing backend: of its capability entry, else of its gallery tags."""
        constants = set(self.capabilities.default_usecases(name))
        for modality in EVERY.values():
            if constants & {self.capabilities.usecases.get(u) for u in modality.usecases}:
                return modality.name
        words = {tag.lower() for meta in self.gallery.metas(name) for tag in meta.tags}
        for modality in MODALITIES.values():
            if words & {tag.lower() for tag in modality.tags}:
                return modality.name
        return None

    @cached_property
    def modalities(self) -> dict[str, Modality]:
        """The modalities that a backend of this checkout may have."""
        return known(self.capabilities.usecase_methods)

    def variants(self, name: str) -> tuple[str, ...]:
        """The variants that an existing backend is built for."""
        return tuple(sorted({e.variant for e in self.matrix.entries_of(name) if e.variant}))

    def relatives(
        self, lang: str, kind: str, modality: str, variants: Iterable[str], like: str | None
    ) -> tuple[str, ...]:
        """Existing backends of a language, the nearest relative first.

        Near is, in this order: the one that `like` names, the same kind, the same modality, the
        most shared variants; among equals the one that the matrix lists last, mostly the newest.
        """
        wanted = set(variants)
        order: dict[str, int] = {}
        for position, entry in enumerate((*self.matrix.linux, *self.matrix.darwin)):
            order.setdefault(entry.backend, position)

        def distance(name: str) -> tuple[int, ...]:
            return (
                name != like,
                self.kind(name) != kind,
                self.modality(name) != modality,
                -len(wanted & set(self.variants(name))),
                -order[name],
            )

        return tuple(sorted((n for n in order if self.directories.get(n) == lang), key=distance))
