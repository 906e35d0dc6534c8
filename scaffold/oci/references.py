"""References of images: what `localai/localai-backends:latest-cpu-rookery` means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from scaffold.errors import UsageError

DOCKER_HUB = "docker.io"
"""The registry of a reference that names none."""
_DOCKER_HUB_API = "registry-1.docker.io"
_LONGEST = 512
"""Characters of a reference; 255 of them are the most that a registry takes for a repository."""
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?"
_REPOSITORY = r"[a-z0-9]+(?:(?:__|[._/]|-+)[a-z0-9]+)*"
_PATH = re.compile(
    rf"(?P<repository>{_REPOSITORY})"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_PRIVATE = {"localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "arpa"}
"""Last labels of names that only a private network knows."""


class Reference(NamedTuple):
    """One image, with what docker fills in where a reference leaves it out."""

    host: str
    """Name of the registry, with its port where it has one."""
    repository: str
    tag: str
    """Its tag, or its digest."""

    def __str__(self) -> str:
        """The reference, written out."""
        return f"{self.host}/{self.repository}{'@' if ':' in self.tag else ':'}{self.tag}"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """The image that a text refers to; None for a text that is no reference.

        What stands before the first slash is a host where it has a dot or a port or is `localhost`, as in
        distribution's reference grammar. The prefix `oci://` is LocalAI's.
        """
        text = text.removeprefix("oci://")
        host, slash, path = text.partition("/")
        if not slash or not ("." in host or ":" in host or host == "localhost"):
            host, path = DOCKER_HUB, text
        found = _PATH.fullmatch(path) if len(text) <= _LONGEST else None
        if found is None or not re.fullmatch(_HOST, host):
            return None
        host, repository = host.lower(), found["repository"]
        if host == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(host, repository, found["digest"] or found["tag"] or "latest")


class Endpoint(NamedTuple):
    """Where the registry of a reference is asked."""

    url: str
    """Scheme and host, without a slash at the end."""
    host: str
    """The name that credentials have for it."""
    given: bool = False
    """Whether the user named it: then it may be a private one, and one without encryption."""
    repository: str = ""
    """The repository that is asked in the place of any other; "" for that of the reference."""


class Registries:
    """The registries that a run may ask: those of the references, or what the user put in their place."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        """Each of `given` is `[HOST=]URL`: asked in the place of HOST, or of every registry.

        Raises UsageError where one is no such thing.
        """
        self._given: dict[str, Endpoint] = {}
        for text in given:
            host, equals, url = text.rpartition("=")
            if equals and not re.fullmatch(_HOST, host):
                raise UsageError(f"--registry {text}: what stands before the = is no name of a registry")
            self._given[host.lower()] = _endpoint(url, text)

    def endpoint(self, reference: Reference) -> Endpoint | None:
        """Where an image is asked for; None where only the reference names the host, a private one."""
        given = self._given.get(reference.host) or self._given.get("")
        if given is not None:
            return given
        if not is_public(reference.host):
            return None
        host = _DOCKER_HUB_API if reference.host == DOCKER_HUB else reference.host
        return Endpoint(f"https://{host}", reference.host)


def _endpoint(url: str, text: str) -> Endpoint:
    scheme, separator, rest = url.rpartition("://")
    host, _, repository = rest.rstrip("/").partition("/")
    named = re.fullmatch(_HOST, host) and (not repository or re.fullmatch(_REPOSITORY, repository))
    if not named or (separator and scheme not in ("http", "https")):
        raise UsageError(
            f"--registry {text}: give [HOST=]URL, such as ghcr.io, http://127.0.0.1:5000 or "
            "docker.io=https://mirror.example.org; a path is a repository, and no user name belongs in it"
        )
    host = host.lower()
    api = _DOCKER_HUB_API if host == DOCKER_HUB else host
    return Endpoint(f"{scheme or 'https'}://{api}", host, given=True, repository=repository)


def is_public(host: str) -> bool:
    """Whether a host, with or without a port, can be one of the public internet by its name alone.

    A number is none, however it is written: systems read `127.1` and `0x7f.1` as addresses.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        port = urlsplit(f"//{host}").port
    except ValueError:
        return False
    try:
        return ip_address(name).is_global and port != 0
    except ValueError:
        labels = name.split(".")
        last = labels[-1]
        return len(labels) > 1 and last[:1].isalpha() and last not in _PRIVATE and port != 0
