"""The join: what the surfaces of a checkout say of each backend together."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.backend.variants import DARWIN, supported
from scaffold.checkout.ignores import kept_by_git
from scaffold.described import STARTS, Checkout
from scaffold.errors import UsageError, unknown
from scaffold.surfaces.base import Registration
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES
from scaffold.surfaces.parts import Part, Reader
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.pipeline.image_builds import SharedInput
    from scaffold.surfaces.tables import Row, Table

ALIASES = "pkg/model/initializers.go"
OWN_SCRIPTS = (
    ".docker/{n}-build-target.sh",
    ".docker/{n}-compile.sh",
    "scripts/build/{n}-build-target_test.sh",
    "scripts/build/{n}-darwin.sh",
)
"""Where the scripts of a backend's own lie."""
OWN_FILES = ("backend/Dockerfile.{n}", *OWN_SCRIPTS)
"""Where files that are a backend's own lie outside of its directory."""


class SharedFile(NamedTuple):
    """A file outside of every backend that goes into images, or makes them."""

    place: Place
    """The first line that takes it."""
    linux: frozenset[str]
    """The backends whose Linux images take it."""
    darwin: frozenset[str]
    """Those that it packages for macOS."""


class Registry(Checkout):
    """One checkout of LocalAI."""

    name = "shared files"

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Whatever reads files that are no single backend's."""
        return (
            *self.surfaces,
            self.builds,
            self.dependabot,
            self.hardware,
            self.downloader,
            self.models,
            self,
        )

    @property
    def parts(self) -> Iterable[Part]:
        """What it looks for itself in files that all backends share."""
        from scaffold.directory.python import COMMON_INSTALLER
        from scaffold.directory.service import PROTO, service_rpcs

        yield Part(PROTO, "RPC", len(service_rpcs(self.tree)))
        yield Part(PROTO, "service Backend", (self.tree.read(PROTO) or b"").count(b"\nservice Backend "))
        module = self.tree.read("go.mod") or b""
        for what in ("module", "go"):
            yield Part("go.mod", f"`{what}` directive", len(re.findall(rf"(?m)^{what}\s".encode(), module)))
        yield Part(ALIASES, "name in Aliases", len(self.model_aliases()))
        installer = self.tree.read(COMMON_INSTALLER) or b""
        yield Part(COMMON_INSTALLER, "function that installs", installer.count(b"function "))
        for what, pattern in (
            ("installRequirements", rb"(?m)^function installRequirements\b"),
            ("requirements file that is installed", rb"\brequirements[^\s/]*\.txt"),
        ):
            yield Part(COMMON_INSTALLER, what, len(re.findall(pattern, installer)))

    def read_ahead(self) -> None:
        super().read_ahead()
        _ = self.readers, self.names, self.matrix.by_tag_suffix, self.gallery.by_tag_suffix

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

    @property
    def darwin_scripts(self) -> list[str]:
        """The scripts that package for macOS."""
        from scaffold.directory.scripts import BUILD_SCRIPTS

        names = self.tree.list(BUILD_SCRIPTS)
        return [f"{BUILD_SCRIPTS}/{name}" for name in names if name.endswith("-darwin.sh")]

    @cached_property
    def rebuilt(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Shared input, macOS script or lent source -> the backends whose images a change of it rebuilds."""
        lent = [path for paths in self.borrowed.values() for path in paths]
        files = [*dict.fromkeys((*self.shared_inputs, *self.darwin_scripts, *lent))]
        return self.path_filter.rebuilt_by(
            files,
            [fields for fields in self._filtered if "backend" in fields],
            [entry.fields for entry in self.matrix.darwin if entry.backend],
        )

    @cached_property
    def shared_inputs(self) -> dict[str, SharedFile]:
        """File outside of every backend that goes into images -> where it is taken, and by which backends.

        Backends that the path filter does not know are left out.
        """
        found = {
            path: SharedFile(taken.place, self._built_with(taken), frozenset())
            for path, taken in self.builds.shared_inputs.items()
        }
        for name, path, place in self._taken_by_backends():
            known = found.get(path, SharedFile(place, frozenset(), frozenset()))
            found[path] = known._replace(linux=known.linux | ({name} & self._filtered_backends))
        if self.darwin.generic is not None:
            place = self.darwin.place(self.darwin.generic)
            for name, path in self._packaged_on_darwin():
                known = found.get(path, SharedFile(place, frozenset(), frozenset()))
                found[path] = known._replace(darwin=known.darwin | {name})
        return found

    def _taken_by_backends(self) -> Iterator[tuple[str, str, Place]]:
        """(backend, file, where) of its Dockerfile, what its packaging runs and the packages it imports."""
        from scaffold.directory.scripts import shared_scripts

        module = re.search(rb"(?m)^module\s+(\S+)", self.tree.read("go.mod") or b"")
        imported = (
            re.compile(rb'(?m)^[^"\n]*"' + re.escape(module[1]) + rb'/(pkg/[\w/.-]+)"') if module else None
        )
        for entry in self.matrix.linux if self.path_filter.has_table else ():
            path = posixpath.normpath(entry.fields.get("dockerfile", "."))
            is_own = path.startswith(f"{self.directory(entry.backend)}/")
            if not is_own and entry.backend in self._filtered_backends and self.tree.read(path) is not None:
                yield entry.backend, path, Place(entry.path, entry.line)
        for name, lang in self.backends.items():
            script = self.files(name).text("package.sh")
            for path, offset in shared_scripts(script) if script else ():
                if script and self.tree.read(path) is not None:
                    yield name, path, script.place(offset)
            text = self.files(name).text("main.go") if lang == "go" else None
            for match in imported.finditer(text.data) if imported and text else ():
                assert text
                folder = match[1].decode()
                sources = (n for n in self.tree.list(folder) if n.endswith(".go"))
                first = next((n for n in sources if not n.endswith("_test.go")), None)
                if first is not None:
                    yield name, f"{folder}/{first}", text.place(match.start(1))

    def _packaged_on_darwin(self) -> Iterator[tuple[str, str]]:
        """(backend, script) of what the generic step of the macOS build makes, as all its wiring says."""
        from scaffold.pipeline.image_builds import darwin_script

        special = {step.only for step in self.darwin.steps} | {*self.path_filter.bespoke}
        for entry, folder in zip(self.matrix.darwin, self.inferred[1], strict=True):
            name, path = entry.backend, darwin_script(entry.fields.get("lang") or "python")
            generic = self.darwin.generic is not None and not self.darwin.generic.excludes(name)
            is_known = folder is not None and folder == f"{self.directory(name)}/"
            if generic and is_known and name not in special and self.tree.read(path) is not None:
                yield name, path

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
        rows = self.docs.rows_of({name: self.called(name) for name in sorted(everyone)})
        return {name: found for name, found in rows.items() if name in self.names}

    def called(self, name: str) -> list[str]:
        """The names and addresses under which people know a backend."""
        called = sorted(self.aliases_of(name))
        for meta in self.gallery.base_metas(name):
            called += meta.item.lists.get("urls", ())
        called += [f"github.com/{bump.repository}" for bump in self.bump_deps.bumps if bump.backend == name]
        return called

    def called_alone(self, name: str) -> set[str]:
        """The names and addresses of a backend that no other backend has."""
        others = {called for other in self.names if other != name for called in self.called(other)}
        return {*self.called(name)} - others

    def home(self, name: str) -> str:
        """The directory of a backend; of one that is gone where it was, as its Dockerfile says."""
        lang = next((entry.lang for entry in self.matrix.entries_of(name) if entry.linux), "")
        return self.directory(name) or (f"backend/{lang}/{name}" if lang else "")

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

    def builds_foreign_sources(self, name: str) -> bool:
        """Whether a backend builds another one's sources, and nobody has written how on macOS."""
        borrows = self.kind(name) == "llama-fork" and bool(self.files(name).borrowed)
        return borrows and self.tree.read(f"scripts/build/{name}-darwin.sh") is None

    def may_be_built_on_macos(self, name: str) -> bool:
        """Whether there is a way in which a macOS build could be added: `add-variant NAME metal`."""
        known = DARWIN in supported(self.directories.get(name, ""))
        return known and not self.builds_foreign_sources(name)

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

    def model_aliases(self) -> set[str]:
        """Backend names that LocalAI maps to others (`Aliases` in pkg/model/initializers.go)."""
        data = self.tree.read(ALIASES) or b""
        maps = re.finditer(rb"\b(\w++)(?:\s++map\[string\]string)?+\s*+=\s*+map\[string\]string\s*+\{", data)
        start = next((found.end() for found in maps if found[1].lower() == b"aliases"), len(data))
        end = data.find(b"\n}", start)
        return {key.decode() for key in re.findall(rb'"([^"]+)"\s*+:', data[start : max(end, start)])}
