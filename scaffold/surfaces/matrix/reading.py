"""The CI build matrix: one entry per image and architecture, Linux and Darwin.

Since May 2026 it is `.github/backend-matrix.yml`; before, the two lists stood in the jobs of
`.github/workflows/backend.yml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from scaffold.backend.choices import KINDS
from scaffold.backend.variants import DARWIN, classify
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Registration, Surface, YamlRecord
from scaffold.surfaces.parts import MACOS_MATRIX, Part, fields
from scaffold.syntax.yaml import YamlSource, quote
from scaffold.syntax.yaml_items import YamlItem, read

MATRIX_FILE = ".github/backend-matrix.yml"
MATRIX_SINCE = "2026-05-08"
"""The day since which the matrix has a file of its own."""
WORKFLOW_FILE = ".github/workflows/backend.yml"
OF_LINUX = "include", "backend-jobs"
OF_DARWIN = "includeDarwin", "backend-jobs-darwin"
"""The key of a matrix in its own file, and the job that had it before."""
ARM_RUNNER = "ubuntu-24.04-arm"
AMD_RUNNER = "ubuntu-latest"
ARCH_FIELDS = {"platforms", "platform-tag", "runs-on", "builder-base-image"}
"""Fields in which the two legs of an image differ; in every other they are one image."""
FIELDS = (
    "backend",
    "base-image",
    "build-type",
    "context",
    "cuda-major-version",
    "cuda-minor-version",
    "dockerfile",
    "platforms",
    "runs-on",
    "skip-drivers",
    "tag-latest",
    "tag-suffix",
)
"""What entries have had since November 2025."""
SHARED_DOCKERFILES = {"python": "python", "golang": "go", "rust": "rust"}
"""Suffix of a Dockerfile that is a language's, however many backends it has -> that language."""


@dataclass(slots=True, eq=False)
class Entry(YamlRecord):
    """One matrix entry."""

    fields: dict[str, str]
    """Field -> value, in file order."""
    backend: str
    """Name of the backend that it builds."""
    tag_suffix: str
    """The image's name: `latest` or `master` goes before it in the tag."""
    arches: tuple[str, ...]
    """The architectures that it builds."""
    linux: bool
    """Whether it stands in the Linux matrix: macOS builds without a Dockerfile."""
    variant: str | None
    """Its build variant; None for one that the table does not know."""

    @classmethod
    def of(cls, item: YamlItem) -> Entry:
        """The entry that an item is."""
        fields = item.fields
        linux = "dockerfile" in fields or "platforms" in fields
        platforms = (word.strip() for word in fields.get("platforms", "").split(","))
        return cls(
            item,
            fields,
            fields.get("backend", ""),
            fields.get("tag-suffix", ""),
            tuple(word.removeprefix("linux/") for word in platforms if word),
            linux,
            classify(fields) if linux else DARWIN,
        )

    @property
    def quotes(self) -> dict[str, str]:
        """Field -> the quote that its value is written with: `'`, `"` or nothing."""
        return self.item.quotes

    @property
    def dockerfile_type(self) -> str:
        """Suffix of its Dockerfile; "" on Darwin."""
        return self.fields.get("dockerfile", "").rpartition("Dockerfile.")[2]

    @property
    def names_backend(self) -> bool:
        """Whether its tag suffix ends in its backend."""
        return self.tag_suffix.endswith(f"-{self.backend}")

    @property
    def own_dockerfile(self) -> bool:
        """Whether its Dockerfile is no language's: it may build one backend alone."""
        return self.dockerfile_type not in SHARED_DOCKERFILES

    @property
    def prebuilt(self) -> bool:
        """Whether it compiles on a builder image that CI has made before."""
        return "builder-base-image" in self.fields

    @property
    def lang(self) -> str:
        """Language that a Linux entry builds, by its Dockerfile."""
        return SHARED_DOCKERFILES.get(self.dockerfile_type, "cpp")

    def set(self, changes: ChangeSet, field: str, value: str, after: str = "platforms") -> None:
        """Plan another value of a field; one that is not there goes behind the field `after`."""
        node = self.value(field)
        if node is not None:
            text = quote(value, self.quotes.get(field, ""))
            changes.add(Edit(self.path, node.start_byte, node.end_byte, text))
            return
        before = self.value(after) or next(iter(self.nodes.values()))
        indent = " " * (self.start - self.source.line_start(self.start) + 2)
        text = f"{indent}{field}: {quote(value, self.quotes.get(after, ''))}\n"
        changes.insert(self.path, self.source.line_end(before.end_byte - 1), text)

    def rename(self, changes: ChangeSet, key: str, other: str) -> None:
        """Plan another name for one of its keys."""
        node = self.nodes[key].child_by_field_name("key")
        assert node is not None
        changes.add(Edit(self.path, node.start_byte, node.end_byte, other))

    @property
    def shape(self) -> tuple[str, ...]:
        """Its fields in file order."""
        return tuple(self.fields)


@lru_cache(maxsize=16)
def _entries(source: YamlSource, *keys: str) -> list[Entry]:
    """The entries of a list; two states of a repository share them."""
    return [Entry.of(item) for item in read(source, *keys)]


def _in_workflow(job: str) -> tuple[str, ...]:
    return "jobs", job, "strategy", "matrix", "include"


class MatrixReader(Surface):
    """What both matrices say."""

    name = "build matrix"

    @cached_property
    def linux(self) -> list[Entry]:
        """The entries of the Linux matrix, in file order."""
        return self._entries(*OF_LINUX)

    @cached_property
    def darwin(self) -> list[Entry]:
        """The entries of the Darwin matrix, in file order."""
        return self._entries(*OF_DARWIN)

    @property
    def file(self) -> str:
        """The file that the entries stand in."""
        return MATRIX_FILE if self._source(MATRIX_FILE) else WORKFLOW_FILE

    @property
    def parts(self) -> Iterable[Part]:
        proves = MATRIX_SINCE if self.file == MATRIX_FILE else ""
        file = self.file if self.linux else MATRIX_FILE
        for what, entries, keys in (
            ("build matrix", self.linux, OF_LINUX),
            ("macOS matrix", self.darwin, OF_DARWIN),
        ):
            line = entries[0].line if entries else 0
            names = keys[:1] if file == MATRIX_FILE else _in_workflow(keys[1])
            since = MACOS_MATRIX if keys is OF_DARWIN else ""
            yield Part(file, what, len(entries), since, proves=proves, line=line, names=names)
        rows = (entry.fields for entry in self.linux)
        yield from fields(file, "an entry of the build matrix", FIELDS, rows, {"skip-drivers": "2025-07-18"})

    def _entries(self, key: str, job: str) -> list[Entry]:
        for path, keys in (
            (MATRIX_FILE, (key,)),
            (WORKFLOW_FILE, _in_workflow(job)),
        ):
            source = self._source(path)
            entries = _entries(source, *keys) if source else []
            if entries:
                return entries
        return []

    def _source(self, path: str) -> YamlSource | None:
        if path not in self._sources:
            self._sources[path] = self.load(YamlSource, path)
        return self._sources[path]

    @cached_property
    def _sources(self) -> dict[str, YamlSource | None]:
        return {}

    @cached_property
    def by_backend(self) -> dict[str, list[Entry]]:
        """Backend -> all its entries, Linux first."""
        found: dict[str, list[Entry]] = {}
        for entry in (*self.linux, *self.darwin):
            found.setdefault(entry.backend, []).append(entry)
        return found

    @cached_property
    def by_tag_suffix(self) -> dict[str, Entry]:
        """Tag suffix -> the first entry that builds it; of those whose backend it names, where it does."""
        found: dict[str, Entry] = {}
        for entry in (*self.linux, *self.darwin):
            first = found.setdefault(entry.tag_suffix, entry)
            if entry.names_backend and not first.names_backend:
                found[entry.tag_suffix] = entry
        return found

    def entries_of(self, backend: str) -> list[Entry]:
        """All entries of one backend, Linux first."""
        return self.by_backend.get(backend, [])

    def registrations(self, name: str) -> Iterable[Registration]:
        for entry in self.entries_of(name):
            builds = ", ".join(filter(None, (entry.variant, *entry.arches)))
            what = f"entry {entry.tag_suffix} ({builds})"
            yield Registration(self.name, entry.path, entry.line, what, entry.last_line)

    def darwin_lang(self, entry: Entry) -> str:
        """Language of a Darwin entry; its `lang` field chooses the runner, so C++ says go too."""
        for lang in KINDS:
            if self.tree.is_dir(f"backend/{lang}/{entry.backend}"):
                return lang
        if "lang" not in entry.fields:
            return "python"
        linux = next((e for e in self.entries_of(entry.backend) if e.linux), None)
        return linux.lang if linux else entry.fields["lang"]
