"""The client: what one registry answers about its manifests, with patience, and without giving away secrets.

urllib3 speaks HTTP: it is typed, needs no other package, keeps connections within a bound and knows
`Retry-After`. What OCI distribution adds is here: the token flow, media types, digests.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urljoin, urlsplit
from urllib.request import getproxies, parse_http_list, parse_keqv_list, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from scaffold import __version__
from scaffold.oci import documents
from scaffold.oci.credentials import Credentials
from scaffold.oci.references import Endpoint, is_public

ACCEPTED = {"Accept": ", ".join((*documents.LISTS, *documents.MANIFESTS))}
PER_HOST = 8
"""Connections to one host at once."""
LARGEST = 4 << 20
"""Bytes of a document: what the specification bids registries to take."""
GIVEN_UP = 5
"""Questions in a row that a registry leaves without an answer until it is asked no more."""
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
ELSEWHERE = frozenset({301, 302, 303, 307, 308})
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that may be others later."""
_MANIFEST = re.compile(r"application/[\w.+-]{1,100}", re.ASCII)


class Patience(NamedTuple):
    """How long a registry is waited for. Seconds."""

    connect: float = 10
    read: float = 20
    tries: int = 5
    backoff: float = 0.5
    """The wait before the third try; it doubles with each."""
    longest_wait: int = 60
    """Of what `Retry-After` may ask for."""


class UnansweredError(Exception):
    """A registry that does not answer a question; the message says what it did instead."""


class Answer(NamedTuple):
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Descriptor(NamedTuple):
    """A manifest as `HEAD` tells it."""

    digest: str
    media_type: str


class Document(NamedTuple):
    """A manifest as `GET` tells it; the digest is that of its bytes."""

    digest: str
    media_type: str
    content: dict[str, Any]


class Http:
    """Requests with a bound on connections, bytes, time and tries; shared by all threads."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._agents: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        self._timeout = urllib3.Timeout(connect=patience.connect, read=patience.read)
        self._silent: Counter[str] = Counter()
        """Host -> how many questions in a row it has left without an answer."""

    def get(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """What a server answers in the end; redirects are not followed.

        Raises UnansweredError, and does not ask at all where the last questions had no answer either.
        """
        host = urlsplit(url).netloc
        if self._silent[host] >= GIVEN_UP:
            raise UnansweredError(f"gave no answer {GIVEN_UP} times in a row and was asked no more")
        try:
            answer = self._persistently(method, url, headers)
        except UnansweredError:
            with self._lock:
                self._silent[host] += 1
            raise
        self._silent[host] = 0
        return answer

    def _persistently(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        retry = urllib3.Retry(
            total=self._patience.tries - 1,
            backoff_factor=self._patience.backoff,
            backoff_jitter=self._patience.backoff,
            retry_after_max=self._patience.longest_wait,
        )
        while True:
            answer: Answer | None = None
            failure: Exception | None = None
            try:
                answer, response = self._once(method, url, headers)
            except (HTTPError, ValueError, OSError) as error:
                failure = error
            if answer is not None and answer.status not in AGAIN:
                return answer
            told = f"answers {answer.status}" if answer is not None else _reason(failure)
            try:
                retry = retry.increment(method, url, error=failure and HTTPError(type(failure).__name__))
            except MaxRetryError:
                raise UnansweredError(told) from failure
            try:
                retry.sleep(response if answer is not None else None)
            except (HTTPError, ValueError, OverflowError):  # no Retry-After that anybody understands
                retry.sleep()

    def _once(
        self, method: str, url: str, headers: Mapping[str, str]
    ) -> tuple[Answer, urllib3.BaseHTTPResponse]:
        response = self._agent(url).request(
            method,
            url,
            headers={"User-Agent": f"scaffold/{__version__}", **headers},
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        body, whole = b"", False
        try:
            # The end must be read too: only there urllib3 sees that something is missing.
            while len(body) <= LARGEST and (more := response.read(LARGEST)):
                body += more
            whole = len(body) <= LARGEST
        finally:
            if not whole:
                response.close()
            response.release_conn()
        if not whole:
            raise ValueError("too large")
        return Answer(response.status, response.headers, body), response

    def _agent(self, url: str) -> urllib3.PoolManager:
        """The pools for a URL: those of the proxy that the environment has for it, if any."""
        parts = urlsplit(url)
        proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
        if not proxy.startswith(("http://", "https://")) or proxy_bypass(parts.netloc):
            proxy = ""
        with self._lock:
            if proxy not in self._agents:
                pools: dict[str, Any] = {"num_pools": 32, "maxsize": PER_HOST, "block": True}
                if proxy:
                    auth = unquote(urllib3.util.parse_url(proxy).auth or "")
                    headers = urllib3.make_headers(proxy_basic_auth=auth) if auth else None
                    self._agents[proxy] = urllib3.ProxyManager(proxy, proxy_headers=headers, **pools)
                else:
                    self._agents[proxy] = urllib3.PoolManager(**pools)
            return self._agents[proxy]


class Registry:
    """One registry. Its methods raise UnansweredError, and return None for what it does not have."""

    def __init__(self, endpoint: Endpoint, http: Http, credentials: Credentials) -> None:
        self.endpoint = endpoint
        self._http = http
        self._basic = credentials.of(endpoint.host)
        self._tokens: dict[str, str] = {}
        """Repository -> the header value that it is asked with."""
        self._root: int | None = None
        """The status of its root, once it is known."""
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def head(self, repository: str, tag: str) -> Descriptor | None:
        """What a tag refers to."""
        answer = self._ask("HEAD", repository, f"manifests/{tag}", ACCEPTED)
        if answer is None:
            return None
        media_type = _media_type(answer)
        digest = answer.headers.get("Docker-Content-Digest", "")
        if not documents.is_digest(digest):
            document = self.manifest(repository, tag)
            return document and Descriptor(document.digest, document.media_type)
        return Descriptor(digest, media_type)

    def manifest(self, repository: str, tag: str) -> Document | None:
        """A manifest or a list of them, by tag or digest."""
        answer = self._ask("GET", repository, f"manifests/{tag}", ACCEPTED)
        if answer is None:
            return None
        media_type, content = _media_type(answer), documents.parsed(answer.body)
        if content is None:
            raise UnansweredError("sends a manifest that cannot be read")
        found = _digest(answer.body, tag, answer.headers.get("Docker-Content-Digest", ""))
        return Document(found, media_type, content)

    def config(self, repository: str, digest: str) -> documents.Config | None:
        """The configuration of an image; a registry may keep it on another host and redirect there once."""
        answer = self._ask("GET", repository, f"blobs/{digest}", {})
        if answer is None:
            return None
        _digest(answer.body, digest)
        return documents.config(documents.parsed(answer.body) or {})

    def _ask(self, method: str, repository: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        """An answer of status 200; None for 404."""
        answer = self._authorized(method, repository, f"{self.endpoint.url}/v2/{repository}/{path}", headers)
        if answer.status == NOT_FOUND:
            self._require_registry()
            return None
        if answer.status in (UNAUTHORIZED, FORBIDDEN):
            raise UnansweredError(
                f"answers {answer.status}: there is no such repository, or it is not public "
                f"(`docker login {self.endpoint.host}` gives this command its credentials)"
            )
        if answer.status != OK:
            raise UnansweredError(f"answers {answer.status}, which no registry does here")
        return answer

    def _require_registry(self) -> None:
        """Raises UnansweredError where what is asked is no registry: such a server has none of the images."""
        with self._lock:
            if self._root is None:
                self._root = self._http.get("GET", f"{self.endpoint.url}/v2/", {}).status
        if self._root not in (OK, UNAUTHORIZED, FORBIDDEN):
            raise UnansweredError("is no registry")

    def _authorized(self, method: str, repository: str, url: str, headers: Mapping[str, str]) -> Answer:
        for last in (False, True):
            used = self._tokens.get(repository)
            own = {"Authorization": used} if used else {}
            answer = self._http.get(method, url, {**headers, **own})
            if answer.status != UNAUTHORIZED or last or not self._authorize(repository, answer, used):
                break
        if "/blobs/" in url and answer.status in ELSEWHERE:
            return self._beside("the store of its blobs", self._elsewhere(url, answer), {})
        return answer

    def _beside(self, what: str, url: str, headers: Mapping[str, str]) -> Answer:
        """What a server answers to which the registry has sent us."""
        try:
            return self._http.get("GET", url, headers)
        except UnansweredError as error:
            raise UnansweredError(f"({what}) {error}") from error

    def _elsewhere(self, url: str, answer: Answer) -> str:
        """Where a blob is, if it is nowhere that a stranger may send us to."""
        target = urljoin(url, answer.headers.get("Location", ""))
        if not self._trusts(target):
            raise UnansweredError("redirects to where this command does not go")
        return target

    def _trusts(self, url: str) -> bool:
        """Whether a registry may send us there: encrypted and public, unless the user named the registry."""
        try:
            parts = urlsplit(url)
            host = parts.netloc.rpartition("@")[2]
            bare = "@" not in parts.netloc and bool(parts.hostname)
        except ValueError:
            return False
        if self.endpoint.given:
            return bare and parts.scheme in ("https", urlsplit(self.endpoint.url).scheme)
        return bare and parts.scheme == "https" and is_public(host)

    def _authorize(self, repository: str, refusal: Answer, used: str | None) -> bool:
        """Get what a repository wants to see, once for all threads; whether there is something new."""
        with self._lock:
            lock = self._locks.setdefault(repository, threading.Lock())
        with lock:
            if self._tokens.get(repository) != used:
                return True
            found = self._shown(repository, refusal.headers.get("WWW-Authenticate", ""))
            if found is None or found == used:
                return False
            self._tokens[repository] = found
            return True

    def _shown(self, repository: str, challenge: str) -> str | None:
        """The header value that answers a challenge; None where there is none."""
        scheme, _, rest = challenge.strip().partition(" ")
        if scheme.lower() == "basic":
            return self._basic
        if scheme.lower() != "bearer":
            return None
        try:
            asked = parse_keqv_list([part for part in parse_http_list(rest) if "=" in part])
        except IndexError:
            return None
        realm = asked.get("realm", "")
        if not self._trusts(realm):
            raise UnansweredError("wants a token from where this command does not go")
        query = {"scope": f"repository:{repository}:pull"}
        if "service" in asked:
            query["service"] = asked["service"]
        own = {"Authorization": self._basic} if self._basic and self._is_own(realm) else {}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        answer = self._beside("its token server", url, own)
        content = documents.parsed(answer.body) or {}
        token = content.get("token") or content.get("access_token")
        if (
            answer.status != OK
            or not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
        ):
            return None
        return f"Bearer {token}"

    def _is_own(self, url: str) -> bool:
        """Whether a URL is of the host that the credentials belong to, or of one below it."""
        name, own = urlsplit(url).hostname or "", urlsplit(f"//{self.endpoint.host}").hostname or ""
        return name == own or name.endswith(f".{own}")


def _media_type(answer: Answer) -> str:
    """The media type of a manifest. Raises UnansweredError for any other: a portal says 200 to everything."""
    found = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    if not _MANIFEST.fullmatch(found):
        raise UnansweredError("answers with something else than a manifest")
    return found


def _digest(body: bytes, *named: str) -> str:
    """The digest of some bytes. Raises UnansweredError where the first digest of the names is another."""
    name = next(filter(documents.is_digest, named), "")
    found = documents.digest(body, name.partition(":")[0] or "sha256")
    if name not in ("", found):
        raise UnansweredError("sends other bytes than those that it names")
    return found


def _reason(error: Exception | None) -> str:
    """What happened to a request, in words that no server chose."""
    words = {
        "NameResolutionError": "has no address",
        "ConnectTimeoutError": "cannot be reached in time",
        "ReadTimeoutError": "does not answer in time",
        "NewConnectionError": "cannot be reached",
        "SSLError": "has no certificate that this machine trusts",
        "ProxyError": "cannot be reached through the proxy",
        "ProtocolError": "ends the connection before its answer is complete",
        "IncompleteRead": "ends the connection before its answer is complete",
        "ValueError": f"sends an answer that is malformed or larger than {LARGEST >> 20} MiB",
    }
    kind = type(error).__name__
    return words.get(kind, f"gives no answer ({kind})")
