"""Caches that two kinds of runners share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.caches import BOTH, SAVE
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runners import native
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity


class KeyIgnoresArch(PipelineRule):
    """A cache of what was built belongs to one operating system and one architecture.

    Why: the key and the paths are all that tells caches apart. The first leg that ends saves its own, and
    every other one restores programs of another architecture: "Exec format error", or a tool that silently
    builds everything again. In lf-edge/eve (PR #5665) arm64 jobs worked with the packages of amd64.

    Fails:

        strategy:
          matrix: {os: [ubuntu-24.04, ubuntu-24.04-arm]}
        steps:
          - uses: actions/cache@v4
            with: {path: .venv, key: "venv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"}

    Passes:

            with: {path: .venv, key: "venv-${{ runner.os }}-${{ runner.arch }}-${{ hashFiles('uv.lock') }}"}

    Windows keeps its caches apart by itself. Folders of downloads that are the same everywhere, as `~/.m2`
    and `~/go/pkg/mod`, may be shared.

    Fix: put `${{ runner.os }}-${{ runner.arch }}` into the key.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys that jobs on two kinds of runners write for the same paths."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            first: dict[tuple[str, frozenset[str]], Flow] = {}
            kinds = {native(leg.runs_on) for leg in run.using(SAVE, BOTH)}
            for save in flows_of(run).saves if len(kinds) > 1 else ():
                system, arch = native(save.at.job.runs_on)
                if (
                    not arch
                    or not save.at.job.complete
                    or all(re.search(_ANYWHERE, path) for path in save.paths)
                ):
                    continue
                earlier = first.setdefault((save.name, save.paths), save)
                others = native(earlier.at.job.runs_on)
                if (system, arch) == others or ({system, others[0]} & {"Windows"} and system != others[0]):
                    continue
                if save.at.step not in reported:
                    reported.add(save.at.step)
                    yield self.finding(
                        save.at.step.at("with", "key"),
                        "",
                        save.at.step.title,
                        f"{shown(save.name)} is written on {' '.join(others)} ({earlier.at.job.title}) and on"
                        f" {system} {arch} ({save.at.job.title})",
                        "put ${{ runner.os }}-${{ runner.arch }} into the key",
                    )


_ANYWHERE = (
    r"(?i)(?:^|/)(?:\.m2|pkg/mod|\.npm|\.yarn|yarn|\.pnpm-store|pnpm|\.gradle/wrapper|registry|\.cargo/git|git/db"
    r"|\.composer|\.nuget|\.ivy2|pip|uv|huggingface|nltk_data|data|datasets?|fixtures|models?|corpus|docs|sources?)"
    r"(?:/|$)|\.(?:json|txt|md|lock|csv|zip|gz|xz|xml|html|css|js|map|svg|png|jpg)$|(?:sha|commit|version|digest|timestamp)s?$"
)
"""Folders and files whose content is the same on every system."""
