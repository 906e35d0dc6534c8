"""What Dockerfiles copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from scaffold.backend.names import PACKAGE
from scaffold.backend.near import is_near
from scaffold.pipeline import docker
from scaffold.pipeline.build_contexts import absent, builds_by_place, is_whole
from scaffold.pipeline.dockerfiles import known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.dockerfile import Dockerfile


class CopySourceMissing(PipelineRule):
    """What a Dockerfile copies is there: a path of its context, a stage.

    Why: docker ends the build at once for a path that is not in the context. A name that no stage has it
    takes for an image's, and looks for it in Docker Hub.

    Fails: there is no `backnd.proto`, and no stage `buidler`

        FROM ubuntu:24.04 AS builder
        COPY backend/backnd.proto /
        FROM scratch
        COPY --from=buidler /out /

    Passes:

        FROM ubuntu:24.04 AS builder
        COPY backend/backend.proto /
        FROM scratch
        COPY --from=builder /out /

    So it is for `bind` mounts. A path is told where a workflow builds the image in a checkout of its own and
    no step before may have made it, git does not ignore it, and its folder is in the repository; one with a
    variable or a pattern is left alone. A step of LocalAI that does not name a file makes none. A stage is
    told where a letter makes it one of the file, and in LocalAI where it is no official image either; there a
    folder of a backend in a stage is told where a letter makes it `package` and no backend makes it.

    Fix: correct the name, or add what is missing.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Paths that no build finds, and names that no stage has."""
        yield from self._paths(registry)
        for file in known_dockerfiles(registry):
            yield from self._stages(registry, file)
            if isinstance(registry, Registry):
                yield from self._packages(registry, file)

    def _paths(self, registry: Repository) -> Iterator[Finding]:
        tree, is_known = registry.tree, isinstance(registry, Registry)
        reported = set()
        for (context, path), builds in builds_by_place(registry).items():
            file = docker.dockerfile(tree, path)
            if file is None:
                continue
            for placed, found in islice(absent(tree, context, file), MAX_TOLD):
                needing = (b for b in builds if _needs(file, b.input("target"), found.start_byte))
                if (path, placed) not in reported and any(
                    is_whole(b, placed, known=is_known) for b in needing
                ):
                    reported.add((path, placed))
                    yield self.finding(
                        file.place(found),
                        "",
                        f"{path} {placed}",
                        f"{path} takes {placed}, which is not in the repository: the build ends here",
                        "correct the path, or add what is missing",
                        absent=placed,
                    )

    def _stages(self, registry: Repository, file: Dockerfile) -> Iterator[Finding]:
        aliases = sorted({stage.alias.lower() for stage in file.stages} - {""})
        known = {*aliases, *(stage.image.lower() for stage in file.stages)}
        taking = [i for i in file.instructions if b"from=" in i.written]
        places = {name: i for i in reversed(taking) for name in (i.flag("from"), *i.mounted)}
        unknown = (
            name for name in places if name.lower() not in known and re.fullmatch(r"[A-Za-z][\w-]*", name)
        )
        for name in islice(unknown, MAX_TOLD):
            near = next((alias for alias in aliases if is_near(name.lower(), alias)), "")
            is_wrong = near or (isinstance(registry, Registry) and name not in _OFFICIAL)
            if is_wrong and not _is_context(registry, name):
                yield self.finding(
                    file.place(places[name]),
                    "",
                    f"{file.path} from {name}",
                    f"no stage of {file.path} is called {name}: docker takes it for an image",
                    f"write {near}" if near else "name a stage of the file",
                )

    def _packages(self, registry: Registry, file: Dockerfile) -> Iterator[Finding]:
        """What is copied out of the folder of a backend in a stage, a letter away from its package."""
        for instruction in file.instructions:
            paths = instruction.paths if instruction.name == "COPY" and instruction.flag("from") else ()
            for path, _ in paths:
                match = _OF_BACKEND.search(path)
                if match and is_near(match[2], PACKAGE) and not _is_made(registry, file, match[1], match[2]):
                    yield self.finding(
                        file.place(instruction),
                        "",
                        f"{file.path} {path}",
                        f"no backend makes {match[2]}, which is copied here",
                        f"write {PACKAGE}",
                    )


_OF_BACKEND = re.compile(r"(?:^|/)backend/([a-z]+)/[^/]+/([\w-]+)(?:/\.?)?$")


def _is_made(registry: Registry, file: Dockerfile, lang: str, folder: str) -> bool:
    """Whether the file, or a build file of a backend of a language, may make a folder of this name."""
    word = re.compile(rb"(?<![\w-])%s(?![\w-])" % re.escape(folder.encode()))
    if len(word.findall(file.bare)) > 1:
        return True
    backends = [registry.files(name) for name, of in registry.backends.items() if of == lang]
    texts = (text for files in backends for text in (*files.makefiles, *files.texts(["package.sh"])))
    return any(folder in files.names for files in backends) or any(word.search(text.code) for text in texts)


MAX_TOLD = 50
"""Paths or stages of a file that are looked at; a file that people use lacks one."""


def _needs(file: Dockerfile, target: str, offset: int) -> bool:
    """Whether a build of a target comes to the instruction at an offset."""
    return any(start <= offset < end for start, end in _spans(file, target))


@lru_cache(maxsize=64)
def _spans(file: Dockerfile, target: str) -> list[tuple[int, int]]:
    """Where the stages stand of which a target is made."""
    stages = docker.needed(file, target)
    return [(stage.instructions[0].start_byte, stage.instructions[-1].end_byte) for stage in stages]


def _is_context(registry: Repository, name: str) -> bool:
    """Whether a workflow or another file that describes builds may name a further context so."""
    texts = [workflow.source.data for workflow in registry.pipeline.workflows]
    texts += [registry.tree.read(path) or b"" for path in registry.tree.names("") if re.search(_BUILDS, path)]
    return any(re.search(rf"\b{re.escape(name)}\b\"?\s*[=:]".encode(), text) for text in texts)


_BUILDS = r"(?i)bake|compose|makefile|justfile|\.sh$|earthfile|taskfile"
_OFFICIAL = frozenset({
    "adminer", "almalinux", "alpine", "alt", "amazoncorretto", "amazonlinux", "archlinux", "bash",
    "buildpack-deps", "busybox", "caddy", "cassandra", "centos", "clearlinux", "clojure", "composer",
    "consul", "couchdb", "dart", "debian", "docker", "eclipse-temurin", "elasticsearch", "elixir", "erlang",
    "fedora", "gcc", "golang", "gradle", "groovy", "haproxy", "haskell", "hello-world", "httpd", "influxdb",
    "java", "jetty", "jruby", "julia", "kibana", "mageia", "mariadb", "maven", "memcached", "mongo", "mono",
    "mysql", "nats", "nginx", "node", "openjdk", "oraclelinux", "perl", "photon", "php", "postgres", "pypy",
    "python", "r-base", "rabbitmq", "redis", "registry", "rockylinux", "ros", "ruby", "rust", "scratch", "sl",
    "swift", "telegraf", "tomcat", "traefik", "ubuntu", "vault", "wordpress", "zookeeper",
})  # fmt: skip
"""Images that have one word."""
