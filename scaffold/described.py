"""A checkout with all its surfaces, and each backend of it as the answers that would make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from scaffold.backend.choices import KINDS
from scaffold.backend.modalities import EVERY, MODALITIES, Modality, known
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import MARK, Tree
from scaffold.errors import ScaffoldError, ShapeError
from scaffold.pipeline.model import Generated
from scaffold.pipeline.repository import Repository

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend
    from scaffold.backend.choices import Lang
    from scaffold.directory.directory import Directory
    from scaffold.pipeline.image_builds import ImageBuilds
    from scaffold.surfaces.base import Addition, Surface
    from scaffold.surfaces.build_context import BuildContextSurface
    from scaffold.surfaces.bump_deps import Bump, BumpDepsSurface
    from scaffold.surfaces.capabilities import CapabilitiesSurface
    from scaffold.surfaces.darwin import DarwinSurface
    from scaffold.surfaces.dependabot import Dependabot
    from scaffold.surfaces.docs import DocsSurface
    from scaffold.surfaces.downloader import Downloader
    from scaffold.surfaces.engines import EnginesSurface
    from scaffold.surfaces.features import FeaturesSurface
    from scaffold.surfaces.gallery.editing import GallerySurface
    from scaffold.surfaces.hardware import Hardware
    from scaffold.surfaces.importers.editing import ImporterSurface
    from scaffold.surfaces.makefile.editing import MakefileSurface
    from scaffold.surfaces.matrix.editing import MatrixSurface
    from scaffold.surfaces.matrix.siblings import Outline
    from scaffold.surfaces.model_kinds import Configurations
    from scaffold.surfaces.model_tags import ModelTags
    from scaffold.surfaces.models import ModelGallery
    from scaffold.surfaces.path_filter.editing import PathFilterSurface
    from scaffold.surfaces.test_jobs import TestJobsSurface
    from scaffold.syntax.source import Place

STARTS = ("run.sh", "backend.py", "main.go", "grpc-server.cpp", "package.sh")
"""Files that only a backend's directory holds, its start script first."""

MADE_BY = ("install.sh", "Makefile", "CMakeLists.txt", "requirements.txt", "Cargo.toml")
"""Files that install or make a backend."""


def _surface(where: str) -> Any:
    """What a class reads: its module is loaded where it is first asked for. Workflows ask for few."""
    module, _, name = where.rpartition(".")
    return cached_property(lambda self: getattr(import_module(f"scaffold.{module}"), name)(self.tree))


class Checkout(Repository):
    """One checkout of LocalAI, and what its surfaces say of a backend."""

    matrix: MatrixSurface = _surface("surfaces.matrix.editing.MatrixSurface")
    makefile: MakefileSurface = _surface("surfaces.makefile.editing.MakefileSurface")
    path_filter: PathFilterSurface = _surface("surfaces.path_filter.editing.PathFilterSurface")
    bump_deps: BumpDepsSurface = _surface("surfaces.bump_deps.BumpDepsSurface")
    importers: ImporterSurface = _surface("surfaces.importers.editing.ImporterSurface")
    capabilities: CapabilitiesSurface = _surface("surfaces.capabilities.CapabilitiesSurface")
    test_jobs: TestJobsSurface = _surface("surfaces.test_jobs.TestJobsSurface")
    darwin: DarwinSurface = _surface("surfaces.darwin.DarwinSurface")
    docs: DocsSurface = _surface("surfaces.docs.DocsSurface")
    engines: EnginesSurface = _surface("surfaces.engines.EnginesSurface")
    features: FeaturesSurface = _surface("surfaces.features.FeaturesSurface")
    build_context: BuildContextSurface = _surface("surfaces.build_context.BuildContextSurface")
    builds: ImageBuilds = _surface("pipeline.image_builds.ImageBuilds")
    hardware: Hardware = _surface("surfaces.hardware.Hardware")
    downloader: Downloader = _surface("surfaces.downloader.Downloader")
    dependabot: Dependabot = _surface("surfaces.dependabot.Dependabot")
    models: ModelGallery = _surface("surfaces.models.ModelGallery")

    def __init__(self, tree: Tree, only: str | None = None, beside: Repository | None = None) -> None:
        """Raises ShapeError where `tree` is no checkout of LocalAI.

        `only` narrows what is asked of every backend to one; `beside` is another state, to share with.
        """
        super().__init__(tree, beside)
        self.only = only
        if tree.read(MARK) is None:
            raise _without_mark(tree)

    @cached_property
    def gallery(self) -> GallerySurface:
        """The backend gallery."""
        from scaffold.surfaces.gallery.editing import GallerySurface

        return GallerySurface(self.tree, self.matrix)

    @cached_property
    def model_tags(self) -> ModelTags:
        """The tags of the model gallery."""
        from scaffold.surfaces.model_tags import ModelTags

        return ModelTags(self.models)

    @cached_property
    def configurations(self) -> Configurations:
        """How LocalAI reads the configurations of models."""
        from scaffold.surfaces.model_kinds import Configurations

        return Configurations(self.models)

    @property
    def generated(self) -> Generated:
        from scaffold.pipeline.localai import MatrixScript

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

    @cached_property
    def directories(self) -> dict[str, str]:
        """Backend -> language, of every directory below `backend/<lang>/`."""
        found: dict[str, str] = {}
        for lang in KINDS:
            for name in self.tree.names(f"backend/{lang}"):
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

    def is_gone(self, name: str) -> bool:
        """Whether a backend has no directory, or one of leftovers: nothing in it starts or makes it."""
        folder = self.directory(name)
        return not any(self.tree.read(f"{folder}/{f}") is not None for f in (*STARTS, *MADE_BY) if folder)

    def files(self, name: str) -> Directory:
        """What a backend's directory says, read once."""
        from scaffold.directory.directory import Directory

        if name not in self._files:
            lang = self.directories.get(name, "")
            self._files[name] = Directory(self.tree, name, self.directory(name), lang)
        return self._files[name]

    @cached_property
    def _files(self) -> dict[str, Directory]:
        return {}

    def describe(self, name: str) -> Backend:
        """An existing backend as answers, as far as its surfaces tell; not validated."""
        from scaffold.backend.answers import Backend
        from scaffold.directory import pins

        meta = next(iter(self.gallery.base_metas(name)), None)
        bump = next((bump for bump in self.bump_deps.bumps if bump.backend == name), None)
        pinned = self.pinned(bump) if bump else None
        return Backend(
            name=name,
            lang=cast("Lang", self.directories.get(name, "")),
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
        from scaffold.surfaces.matrix.siblings import Outline

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
        from scaffold.directory import pins

        return pins.bumped(self.tree, bump.file, bump.variable) if bump.file else None

    def addition(self, name: str, changes: ChangeSet) -> Addition:
        """An existing backend as if it were added again, for surfaces that lack it."""
        from scaffold.surfaces.base import Addition

        backend = self.describe(name)
        metas = [] if backend.upstream else self.gallery.base_metas(name)
        urls = tuple(url for meta in metas for url in meta.item.lists.get("urls", ()))[:1]
        backend = replace(backend, summary=self.summary(name), urls=urls)
        kin = [*self.relatives(backend.lang, backend.kind, backend.modality, backend.variants, None)]
        if name in kin:
            kin.remove(name)
        return Addition(backend, tuple(kin), changes)

    def adding(self, name: str, plan: Callable[[Addition], None]) -> Callable[[ChangeSet], None]:
        """The change in which a surface plans what it lacks of an existing backend."""
        return lambda changes: plan(self.addition(name, changes))

    def drafted(self, name: str, path: str, plan: Callable[[Addition], None]) -> tuple[Place, str] | None:
        """The line below which a surface would write what it lacks of a backend, and the first text.

        None where there is no place for it.
        """
        from scaffold.syntax.source import Place

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

    def aliases_of(self, name: str) -> set[str]:
        """The names under which a backend is known: its own and its metas'."""
        return {name, *(meta.name for meta in self.gallery.base_metas(name))}

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
        if name not in self._modality:
            self._modality[name] = self._found_modality(name)
        return self._modality[name]

    @cached_property
    def _modality(self) -> dict[str, str | None]:
        return {}

    def _found_modality(self, name: str) -> str | None:
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

    def unhandled(self, name: str) -> dict[str, list[str]]:
        """The build types of the matrix that a native backend does nothing for: those of each family.

        Their images have the CPU build; only macOS' own default may be Metal.
        """
        from scaffold.backend.choices import NATIVE

        files = self.files(name)
        found: dict[str, list[str]] = {}
        for entry in self.matrix.entries_of(name) if files.lang in NATIVE and files.build_files else ():
            kind = entry.fields.get("build-type", "")
            family = found.setdefault(kind.partition("_")[0], [])
            told = entry.linux or (kind == "metal" and files.gated_options)
            if kind and told and kind not in family and not files.builds_for(kind):
                family.append(kind)
        return {family: sorted(kinds) for family, kinds in found.items() if kinds}

    def accelerated(self, name: str) -> tuple[str, ...]:
        """The variants whose images have what they are named after."""
        silent = {kind for kinds in self.unhandled(name).values() for kind in kinds}
        entries = self.matrix.entries_of(name)
        cpu = {e.variant for e in entries if e.fields.get("build-type") in silent}
        return tuple(variant for variant in self.variants(name) if variant not in cpu)

    def relatives(
        self, lang: str, kind: str, modality: str, variants: Iterable[str], like: str | None
    ) -> tuple[str, ...]:
        """Existing backends of a language, the nearest relative first.

        Near is, in this order: the one that `like` names, the same kind, the same modality, the
        most shared variants; among equals the one that the matrix lists last, mostly the newest.
        """
        key = lang, kind, modality, frozenset(variants), like
        if key not in self._relatives:
            self._relatives[key] = self._nearest(*key)
        return self._relatives[key]

    @cached_property
    def _relatives(self) -> dict[tuple[str, str, str, frozenset[str], str | None], tuple[str, ...]]:
        return {}

    def _nearest(
        self, lang: str, kind: str, modality: str, wanted: frozenset[str], like: str | None
    ) -> tuple[str, ...]:
        order: dict[str, int] = {}
        for position, entry in enumerate((*self.matrix.linux, *self.matrix.darwin)):
            order.setdefault(entry.backend, position)

        def distance(name: str) -> tuple[int, ...]:
            return (
                name != like,
                self.kind(name) != kind,
                (self.modality(name) or "none") != modality,
                -len(wanted & set(self.variants(name))),
                -order[name],
            )

        return tuple(sorted((n for n in order if self.directories.get(n) == lang), key=distance))


BESIDE = (
    ".github/backend-matrix.yml",
    "backend/backend.proto",
    "gallery/index.yaml",
    "core/gallery/models.go",
)
"""Files of LocalAI that few others have; two of them are enough."""


def _without_mark(tree: Tree) -> ShapeError:
    """What is wrong where the file is not read by which a checkout is known."""
    if MARK in tree.refused:
        return ShapeError(MARK, None, f"is there and is not read: {tree.refused[MARK]}")
    there = [path for path in BESIDE if tree.kind(path) is not None]
    if len(there) > 1:
        return ShapeError(
            MARK,
            None,
            f"is missing, though {' and '.join(there[:2])} are there: a checkout of LocalAI is known by it, "
            f"and nothing can be checked without it; `git checkout HEAD -- {MARK}` restores what git has",
        )
    return ShapeError(
        MARK,
        None,
        "is missing: this is no checkout of LocalAI (point --repo at one); "
        "`scaffold check --select pipeline` checks the workflows of any repository",
    )
