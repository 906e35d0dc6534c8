"""`published`: whether the registries hold what the gallery offers and the matrix builds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from scaffold import cage
from scaffold.backend.names import require_name
from scaffold.backend.variants import VARIANTS
from scaffold.checkout.tree import Tree
from scaffold.errors import unknown
from scaffold.oci import SECONDS, asking
from scaffold.oci.asking import Question
from scaffold.oci.client import Patience
from scaffold.oci.credentials import Credentials
from scaffold.oci.references import Reference, Registries
from scaffold.registry import Registry
from scaffold.surfaces.gallery.items import CHANNELS

OTHER = "other"
"""The column of images that no variant is known for."""
DARWIN = "darwin/arm64"
"""The platform of every image that the macOS matrix builds."""
NO_REFERENCE = "it is no reference of an image"


class State(StrEnum):
    """What is known of an image, the worst first."""

    missing = "missing"
    no_image = "no-image"
    incomplete = "incomplete"
    unknown = "unknown"
    not_asked = "not-asked"
    there = "there"


class Grade(StrEnum):
    """How bad a remark is, the worst first."""

    error = "error"
    unknown = "unknown"
    warning = "warning"


class Remark(NamedTuple):
    """Something about an image that is not as it should be."""

    grade: Grade
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that should be in a registry."""

    name: str
    """Its name in the gallery; "" where the gallery does not offer it."""
    backend: str
    variant: str
    channel: str
    uri: str
    mirrors: tuple[str, ...]
    platforms: tuple[str, ...]
    """What the matrix builds, sorted; none where it does not build the image."""
    path: str
    """The file that asks for it, with the line."""
    line: int

    @property
    def tag(self) -> str:
        """The tag of its image."""
        return self.uri.removeprefix(self.repository).lstrip(":@")

    @property
    def repository(self) -> str:
        """Its uri without the tag."""
        return _repository(self.uri)


def _repository(uri: str) -> str:
    """A reference without its tag or digest."""
    bare = uri.partition("@")[0]
    return bare.rpartition(":")[0] if ":" in bare.rpartition("/")[2] else bare


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of an image."""

    uri: str
    found: asking.Found | None
    """None where it was not asked for."""
    same: bool | None
    """Whether it is the same image; None where that is not known."""
    problem: str
    """Why nothing is known, or why it was not asked for."""


@dataclass(frozen=True, slots=True)
class Image:
    """What the registries say of one image."""

    wanted: Wanted
    state: State
    found: asking.Found
    lacks: dict[str, str]
    """Platform that is built and cannot be pulled -> which part of it is lost; "" where it is in no list."""
    mirrors: tuple[Mirror, ...]
    old: bool
    problem: str
    """Why something is not known, or was not asked."""

    @property
    def remarks(self) -> Iterator[Remark]:
        """What is not as it should be; the same words for images that share a trouble."""
        wanted, found = self.wanted, self.found
        fault = Grade.error if wanted.name else Grade.warning
        if self.state is State.missing:
            yield Remark(fault, f"{wanted.repository} does not have it")
        elif self.state is State.no_image:
            yield Remark(
                fault, self.problem or f"what {wanted.repository} has is no image ({found.media_type})"
            )
        for platform, why in self.lacks.items():
            yield Remark(fault, f"lacks {platform or 'what its tag promises'}{f': {why}' if why else ''}")
        if found.problem:
            yield Remark(Grade.unknown, found.problem)
        if self.state is State.not_asked:
            yield Remark(Grade.warning, f"not asked: {self.problem}")
        for mirror in self.mirrors:
            repository = _repository(mirror.uri)
            if mirror.problem:
                grade = Grade.warning if mirror.found is None else Grade.unknown
                yield Remark(grade, f"the mirror {repository}: {mirror.problem}")
            elif mirror.found and mirror.found.there is False and found.there:
                yield Remark(Grade.warning, f"the mirror {repository} does not have it")
            elif mirror.same is False:
                yield Remark(Grade.warning, f"the mirror {repository} has another image")
        if self.old:
            yield Remark(Grade.warning, "it is older than --since allows")

    @property
    def worst(self) -> Grade | None:
        """The worst that is said of it."""
        return min((remark.grade for remark in self.remarks), key=[*Grade].index, default=None)


@dataclass(frozen=True, slots=True)
class Published:
    """Every image that was asked for, by backend, variant and channel."""

    images: tuple[Image, ...]
    hosts: tuple[str, ...]
    """The registries that were asked."""
    days: int | None
    """The age from which an image is old."""
    rev: str | None
    notes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every registry has said all that was asked."""
        return all(r.grade is not Grade.unknown for image in self.images for r in image.remarks)

    @property
    def fails(self) -> bool:
        """Whether an image that the gallery offers is not as it should be."""
        return any(image.worst is Grade.error for image in self.images)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for; an empty selection means everything."""

    names: tuple[str, ...] = ()
    channel: str | None = None
    variants: tuple[str, ...] = ()
    days: int | None = None
    registries: tuple[str, ...] = ()
    """As `--registry` takes them."""
    seconds: float = SECONDS


def run(
    tree: Tree,
    scope: Scope,
    rev: str | None = None,
    patience: Patience | None = None,
    told: Callable[[int, int], object] = lambda _done, _all: None,
) -> Published:
    """Ask the registries. `told` hears now and then how many answers there are, and of how many.

    Raises UsageError for what is no backend, variant or registry, ShapeError for an unreadable checkout.
    """
    for variant in scope.variants:
        if variant not in (*VARIANTS, OTHER):
            raise unknown("variant", variant, {name: name for name in VARIANTS}, "scaffold published --help")
    registries = Registries(scope.registries)
    everything = [image for image in wanted(tree, scope.names) if _is_in(image, scope)]
    questions = asking.Questions(registries)
    keys = {image: _asked(questions, image) for image in everything}
    credentials = Credentials()
    size = len(questions.wanted)
    with cage.asking("what the registries answer"):
        answers = asking.ask(
            questions, scope.seconds, patience or Patience(), credentials, lambda done: told(done, size)
        )
    oldest = datetime.now(UTC) - timedelta(days=scope.days) if scope.days is not None else None
    images = [_judged(image, *keys[image], answers, oldest) for image in everything]
    hosts = dict.fromkeys(endpoint.host for endpoint, *_ in questions.wanted)
    notes = (credentials.problem,) if credentials.problem else ()
    return Published(tuple(images), tuple(hosts), scope.days, rev, notes)


def _is_in(image: Wanted, scope: Scope) -> bool:
    return scope.channel in (None, image.channel) and (not scope.variants or image.variant in scope.variants)


def wanted(tree: Tree, names: Iterable[str] = ()) -> list[Wanted]:
    """Every image that the gallery offers or the matrix builds; of some backends, where some are named."""
    registry = Registry(tree)
    chosen = {_backend(registry, name) for name in names}
    found = [
        image for image in (*_offered(registry), *_built(registry)) if not chosen or image.backend in chosen
    ]
    order = {name: position for position, name in enumerate((*VARIANTS, OTHER))}
    return sorted(found, key=lambda i: (i.backend, order[i.variant], i.channel, i.line))


def _backend(registry: Registry, name: str) -> str:
    require_name(name)
    backend = registry.backend_called(name)
    if backend is None:
        raise registry.unknown(name)
    return backend


def _offered(registry: Registry) -> Iterator[Wanted]:
    gallery, platforms = registry.gallery, _platforms(registry)
    for item in gallery.items:
        if not item.uri:
            continue
        entry = registry.matrix.by_tag_suffix.get(item.tag_suffix)
        ours = entry is not None and item.repository == gallery.repository
        at = item.at("uri")
        yield Wanted(
            item.name,
            gallery.owner(item),
            (entry.variant if entry else None) or OTHER,
            item.channel,
            item.uri,
            item.mirrors,
            platforms[item.tag_suffix] if ours else (),
            at.path,
            at.line,
        )


def _built(registry: Registry) -> Iterator[Wanted]:
    """What the matrix builds and the gallery does not offer."""
    gallery, platforms = registry.gallery, _platforms(registry)
    for tag_suffix, entry in registry.matrix.by_tag_suffix.items():
        offered = {item.channel for item in gallery.by_tag_suffix.get(tag_suffix, ())}
        for channel in CHANNELS.values():
            if channel not in offered and tag_suffix:
                tag = f"{channel}{tag_suffix}"
                yield Wanted(
                    "",
                    entry.backend,
                    entry.variant or OTHER,
                    channel,
                    f"{gallery.repository}:{tag}",
                    (f"{gallery.mirror}:{tag}",),
                    platforms[tag_suffix],
                    entry.path,
                    entry.line,
                )


def _platforms(registry: Registry) -> dict[str, tuple[str, ...]]:
    """Tag suffix -> the platforms that the matrix builds for it, sorted."""
    found: dict[str, set[str]] = {}
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        built = {f"linux/{arch}" for arch in entry.arches} if entry.linux else {DARWIN}
        found.setdefault(entry.tag_suffix, set()).update(built)
    return {tag_suffix: tuple(sorted(built)) for tag_suffix, built in found.items()}


def _asked(questions: asking.Questions, image: Wanted) -> tuple[Question | str, tuple[Question | str, ...]]:
    """The questions about an image and its mirrors, or why there is none."""
    return (
        _question(questions, image.uri, image.platforms),
        tuple(_question(questions, mirror, None) for mirror in image.mirrors),
    )


def _question(questions: asking.Questions, uri: str, platforms: tuple[str, ...] | None) -> Question | str:
    scheme, separator, _ = uri.partition("://")
    if separator and scheme != "oci":
        return "it is no image of a registry"
    reference = Reference.of(uri)
    if reference is None:
        return NO_REFERENCE
    return questions.add(reference, platforms) or (
        f"only the gallery names {reference.host}, which is no public host; "
        f"--registry {reference.host}=URL asks it"
    )


def _judged(
    image: Wanted,
    key: Question | str,
    mirrors: tuple[Question | str, ...],
    answers: dict[Question, asking.Found],
    oldest: datetime | None,
) -> Image:
    found = asking.Found() if isinstance(key, str) else answers[key]
    lacks = _lacks(image, found)
    if key == NO_REFERENCE:
        state = State.no_image
    elif isinstance(key, str):
        state = State.not_asked
    elif found.there is None:
        state = State.unknown
    elif not found.there:
        state = State.missing
    elif not found.is_image:
        state = State.no_image
    else:
        state = State.incomplete if lacks else State.there
    return Image(
        image,
        state,
        found,
        lacks,
        tuple(
            _mirror(uri, mirror, found, answers) for uri, mirror in zip(image.mirrors, mirrors, strict=True)
        ),
        bool(oldest and found.created and found.created < oldest),
        key if isinstance(key, str) else found.problem,
    )


def _lacks(image: Wanted, found: asking.Found) -> dict[str, str]:
    """The platforms that are built and cannot be pulled. One image alone is pulled on every system."""
    lacks = dict(found.broken)
    if found.there and found.is_image and (found.platforms or not found.any_os):
        present = {_comparable(platform, found) for platform in found.platforms}
        for platform in image.platforms:
            if _comparable(platform, found) not in present:
                lacks.setdefault(platform, "")
    return lacks


def _comparable(platform: str, found: asking.Found) -> str:
    return platform.partition("/")[2] if found.any_os else platform


def _mirror(
    uri: str, key: Question | str, source: asking.Found, answers: dict[Question, asking.Found]
) -> Mirror:
    if isinstance(key, str):
        return Mirror(uri, None, None, key)
    found = answers[key]
    same = found.digest == source.digest if found.digest and source.digest else None
    return Mirror(uri, found, same, found.problem)
