"""Many questions to many registries: at the same time, within a bound and a time limit."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from scaffold.oci import documents
from scaffold.oci.client import PER_HOST, Http, Patience, Registry, UnansweredError
from scaffold.oci.credentials import Credentials
from scaffold.oci.references import Endpoint, Reference, Registries

WORKERS = 2 * PER_HOST
"""Questions that are asked at once; a registry that hangs takes half of them at most."""
UNKNOWN_PLATFORMS = 4
"""Images of a list that are looked at where nobody says which are wanted."""


@dataclass(slots=True)
class Found:
    """What a registry answers about one image."""

    there: bool | None = None
    """None where it gives no answer."""
    digest: str = ""
    media_type: str = ""
    is_image: bool = True
    """Whether what is there can be pulled as an image; known where its platforms were asked for."""
    platforms: tuple[str, ...] = ()
    """Those that can be pulled, sorted."""
    any_os: bool = False
    """Whether it is one image, which is pulled on every system, and no list."""
    broken: dict[str, str] = field(default_factory=dict)
    """Platform -> what of it the registry has lost."""
    created: datetime | None = None
    """When its oldest platform was built."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Platform -> compressed bytes."""
    problem: str = ""
    """Why something of this is not known."""


class Question(NamedTuple):
    """An image of a registry."""

    endpoint: Endpoint
    repository: str
    tag: str


class Questions:
    """What is asked: images, and the platforms of some of them."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries
        self.wanted: dict[Question, set[str] | None] = {}
        """Question -> the platforms that are asked for; None: only whether the image is there."""

    def add(self, reference: Reference, platforms: Iterable[str] | None = None) -> Question | None:
        """Ask for an image, and for its platforms (all of them, where none is named); the question.

        None where the registry may not be asked.
        """
        endpoint = self._registries.endpoint(reference)
        if endpoint is None:
            return None
        key = Question(endpoint, endpoint.repository or reference.repository, reference.tag)
        before = self.wanted.get(key)
        asked = None if platforms is None else set(platforms)
        self.wanted[key] = asked if before is None else before | (asked or set())
        return key


def ask(
    questions: Questions,
    seconds: float,
    patience: Patience,
    credentials: Credentials,
    told: Callable[[int], object] = lambda _: None,
) -> dict[Question, Found]:
    """The answer to every question that is answered within a time limit; the others say that they are not.

    `told` hears the number of answers now and then.
    """
    desk = _Desk(questions.wanted, Http(patience), credentials)
    workers = [
        threading.Thread(target=desk.work, daemon=True) for _ in range(min(WORKERS, len(questions.wanted)))
    ]
    for worker in workers:
        worker.start()
    end = monotonic() + seconds
    with desk.changed:
        while desk.open and not desk.failure and monotonic() < end:
            desk.changed.wait(min(0.2, max(end - monotonic(), 0)))
            told(len(desk.found))
        desk.waiting.clear()
        desk.changed.notify_all()
        found = dict(desk.found)
    if desk.failure:
        raise desk.failure
    late = f"gave no answer within the {seconds:g} s that all of them had"
    return {key: found.get(key) or Found(problem=f"{key.endpoint.host} {late}") for key in questions.wanted}


class _Desk:
    """Where the workers take questions and leave answers."""

    def __init__(
        self,
        wanted: Mapping[Question, set[str] | None],
        http: Http,
        credentials: Credentials,
    ) -> None:
        self.changed = threading.Condition()
        self.open = len(wanted)
        self.found: dict[Question, Found] = {}
        self.failure: BaseException | None = None
        self.waiting: dict[Endpoint, deque[Question]] = {}
        self._wanted = wanted
        self._busy: Counter[Endpoint] = Counter()
        for key in wanted:
            self.waiting.setdefault(key.endpoint, deque()).append(key)
        self._registries = {endpoint: Registry(endpoint, http, credentials) for endpoint in self.waiting}

    def work(self) -> None:
        """Answer questions until there are none left."""
        while key := self._take():
            try:
                found = look(self._registries[key.endpoint], key.repository, key.tag, self._wanted[key])
            except BaseException as error:
                self.failure = error
                found = Found()
            with self.changed:
                self._busy[key.endpoint] -= 1
                self.found[key] = found
                self.open -= 1
                self.changed.notify_all()

    def _take(self) -> Question | None:
        """The next question to a registry that has room for one, each in turn."""
        with self.changed:
            while self.waiting:
                for endpoint in list(self.waiting):
                    if self._busy[endpoint] < PER_HOST:
                        queue = self.waiting.pop(endpoint)
                        key = queue.popleft()
                        if queue:
                            self.waiting[endpoint] = queue
                        self._busy[endpoint] += 1
                        return key
                self.changed.wait()
        return None


def look(registry: Registry, repository: str, tag: str, platforms: set[str] | None) -> Found:
    """What a registry has under a tag, and of the platforms that are asked for."""
    found = Found()
    try:
        if platforms is None:
            head = registry.head(repository, tag)
            found.there = head is not None
            if head is not None:
                found.digest, found.media_type = head
                found.is_image = head.media_type in (*documents.LISTS, *documents.MANIFESTS)
        else:
            _look_inside(registry, repository, tag, platforms, found)
    except UnansweredError as error:
        found.problem = f"{registry.endpoint.host} {error}"
    return found


def _look_inside(registry: Registry, repository: str, tag: str, wanted: set[str], found: Found) -> None:
    document = registry.manifest(repository, tag)
    found.there = document is not None
    if document is None:
        return
    found.digest, found.media_type = document.digest, document.media_type
    if document.media_type in documents.MANIFESTS:
        found.any_os = True
        _look_at(registry, repository, documents.manifest(document.content), "", found)
        return
    children = documents.children(document.content) if document.media_type in documents.LISTS else None
    if children is None:
        found.is_image = False
        return
    found.platforms = tuple(sorted(child.platform for child in children))
    wanted = wanted & {*found.platforms} or {*found.platforms[:UNKNOWN_PLATFORMS]}
    for child in children:
        if child.platform in wanted:
            below = registry.manifest(repository, child.digest)
            if below is None:
                _lose(found, child.platform, "its manifest is missing")
            else:
                _look_at(registry, repository, documents.manifest(below.content), child.platform, found)


def _look_at(
    registry: Registry, repository: str, image: documents.Manifest | None, platform: str, found: Found
) -> None:
    """Add one image; its configuration says the platform where no list does."""
    if image is None or image.config_type not in documents.CONFIGS:
        if platform:
            _lose(found, platform, "what is there is no image")
        else:
            found.is_image = False
            found.media_type = image.config_type if image else found.media_type
        return
    config = registry.config(repository, image.config)
    if config is None:
        _lose(found, platform, "its configuration is missing")
        return
    if not platform:
        platform = config.platform
        found.platforms = (platform,) if platform else ()
    found.sizes[platform] = image.size
    times = [time for time in (found.created, config.created) if time]
    found.created = min(times, default=None)


def _lose(found: Found, platform: str, what: str) -> None:
    found.platforms = tuple(name for name in found.platforms if name != platform)
    found.broken[platform] = what
