r"""Does each pipeline rule see the incident that it comes from? Runs it before and after the repair.

    LOCALAI_REPO=~/LocalAI EVE_REPO=~/eve LAMPE_REPO=~/lampe PUBLIC_REPOS=~/clones \
        python evidence/pipeline.py [--reports DIR...]

Each rule checks the commit before a repair and the repair itself, read from git objects. Prints one
Markdown row for each incident: what the rule found before, and what of it is left after. A repository
whose variable is not set is left out; `PUBLIC_REPOS` is a folder of clones, each called `owner+name`. What a
clone does not hold is left out too, and named on the standard error. With `--reports` it lists the errors
and warnings that the pack finds at the head of other clones, for a person to judge. Read-only.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scaffold.checkout.tree import GitTree
from scaffold.errors import UsageError
from scaffold.operations import check, workers
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Rule, Severity

REPOSITORIES = {"LocalAI": "LOCALAI_REPO", "eve": "EVE_REPO", "lampe": "LAMPE_REPO"}


@dataclass(frozen=True, slots=True)
class Incident:
    """A repair, and the rule that sees what it repairs."""

    rule: str
    repository: str
    repaired: str
    """The commit of the repair; the one before it is its first parent. Empty where there is none yet."""
    about: str = ""
    """What the message or the path of the finding contains, where a rule sees several things."""
    broken: str = ""
    """The commit before, where it is not the parent of the repair."""
    note: str = ""


INCIDENTS = (
    Incident("push-cancels-push", "LocalAI", "5a1239257", note="two merges 11 seconds apart lost a build"),
    Incident("pr-group-by-branch", "LocalAI", "5a1239257", note="the same repair"),
    Incident("digest-provenance", "LocalAI", "f0374aa0e", note="digests differed between two registries"),
    Incident("paths-cover-inputs", "LocalAI", "7fff85840", note="base images and their install script"),
    Incident("artifact-glob-overmatch", "LocalAI", "ea0019955", note="-cpu-vllm took -cpu-vllm-omni"),
    Incident("digest-never-merged", "LocalAI", "ea0019955", "backend_build", note="199 images without a tag"),
    Incident(
        "digest-never-merged", "LocalAI", "42a8db357", "image_build", note="the server images, two days later"
    ),
    Incident("bypasses-change-filter", "LocalAI", "733c254b3", note="the bespoke Darwin job (#9731)"),
    Incident(
        "reduce-skipped-by-one-leg",
        "LocalAI",
        "86a7f6c9f",
        note="2 of 199 builds failed, no image was tagged",
    ),
    Incident("brew-link", "LocalAI", "acc5588d2", note="ccache: command not found"),
    Incident(
        "brew-closure", "LocalAI", "3f6e49343", "ccache ", note="first repair, incomplete: still flagged"
    ),
    Incident("brew-closure", "LocalAI", "059c49364", "ccache ", note="second repair: brew reinstall ccache"),
    Incident("brew-closure", "LocalAI", "86a7f6c9f", " grpc is", note="the same for grpc"),
    Incident("deps-refresh", "LocalAI", "f4036fa83", note="images stayed on old wheels"),
    Incident("base-deps-single-source", "LocalAI", "593f3a864", note="packages moved into the one script"),
    Incident("qemu-leg", "LocalAI", "ea9bf3dba", note="platforms: linux/amd64 on an arm64 runner"),
    Incident("filter-unmapped-backend", "LocalAI", "621c612b2", "ds4", note="ds4 started no job (#9761)"),
    Incident("key-hard-codes-axis", "eve", "ca333cef6", note="PR #5665: amd64 in the key of arm64 jobs"),
    Incident("rebuild-after-restore", "eve", "ca333cef6", note="PR #5665: make pkgs eve"),
    Incident("skippable-second-restore", "eve", "ca333cef6", note="PR #5665: arm64 kept the cache of amd64"),
    Incident("restore-without-writer", "eve", "ca333cef6", note="PR #5665: platform rt has no packages"),
    Incident("legs-push-one-tag", "eve", "2f99194f3", note="PR #5646: the last architecture was left"),
    Incident("legs-share-cache-ref", "open-telemetry/opentelemetry-demo", "28de3b33d", note="#3746"),
    Incident("legs-share-cache-ref", "philips-software/amp-devcontainer", "a0bc7a66", note="#449"),
    Incident("legs-share-cache-ref", "supabase/postgres", "c49ae59f", note="#745"),
    Incident("legs-push-one-tag", "chrisbenincasa/tunarr", "a94d3075", note="#648: `latest`, incomplete"),
    Incident("legs-push-one-tag", "chrisbenincasa/tunarr", "9c2e8061", note="`latest` of graphics cards"),
    Incident("group-deadlock", "blue-build/modules", "be0ab25", note="#484"),
    Incident("group-deadlock", "qdrant/vector-db-benchmark", "8415795", note="#277"),
    Incident("download-takes-build-records", "cilium/little-vm-helper-images", "80d33f9", note="#543"),
    Incident(
        "download-takes-build-records", "open-horizon-labs/unified-hifi-control", "8109646", note="#196"
    ),
    Incident("download-takes-build-records", "GoodRxOSS/lifecycle", "162da41", note="#166"),
    Incident("group-deadlock", "apache/opendal", "", broken="HEAD", note="in its newest commit: #8114"),
    Incident(
        "legs-share-cache-ref", "containers/podman", "", broken="HEAD", note="in its newest commit: #29059"
    ),
    Incident("download-without-needs", "traefik/traefik", "", broken="HEAD", note="in its newest commit"),
    Incident("job-never-runs", "qdrant/qdrant", "", broken="HEAD", note="in its newest commit"),
    Incident("tag-covers-inputs", "lampe", "", broken="HEAD", note="before PR #307: the baked CI image"),
    Incident("repeated-step-if", "lampe", "", broken="HEAD", note="before PR #307"),
    Incident("key-spelled-twice", "lampe", "", broken="HEAD", note="before PR #307"),
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--reports", nargs="*", type=Path, default=[], help="clones of other repositories")
    given = parser.parse_args()
    rules = {rule.slug: rule for rule in all_rules()}
    missed = 0
    print("| rule | repository | repair | before | after | |\n|---|---|---|---|---|---|")
    for incident in INCIDENTS:
        where = clone_of(incident.repository)
        if where is None:
            continue
        rule = rules[incident.rule]
        try:
            before = relevant(where, incident.broken or f"{incident.repaired}^", rule, incident.about)
            after = relevant(where, incident.repaired, rule, incident.about) if incident.repaired else None
        except UsageError as error:
            print(f"left out: {incident.rule} in {incident.repository}: {error}", file=sys.stderr)
            continue
        missed += not before
        commit = incident.repaired or "later"
        left = "not in the clone" if after is None else said(after)
        cells = (incident.rule, incident.repository, commit, said(before), left, incident.note)
        print(f"| {' | '.join(cells)} |")
    for clone in given.reports:
        reports_of(clone)
    sys.exit(1 if missed else 0)


def clone_of(repository: str) -> Path | None:
    """Where a clone of a repository lies; None where nobody says."""
    if repository in REPOSITORIES:
        named = os.environ.get(REPOSITORIES[repository])
        return Path(named) if named is not None else None
    folder = os.environ.get("PUBLIC_REPOS")
    return Path(folder, repository.replace("/", "+")) if folder is not None else None


def relevant(repository: Path, rev: str, rule: Rule, about: str) -> list[Finding]:
    """What one rule finds in one commit."""
    tree = GitTree(repository, rev)
    try:
        found = workers.find(check.opened(tree, [rule]), [rule])
    finally:
        tree.close()
    return [finding for finding in found if about in f"{finding.path} {finding.message}"]


def said(findings: list[Finding]) -> str:
    """`2 (file:12, ...)`, or 0."""
    if not findings:
        return "0"
    first = findings[0]
    return f"{len(findings)} ({first.path.rpartition('/')[2]}:{first.line}{', ...' if findings[1:] else ''})"


def reports_of(clone: Path) -> None:
    """Print the errors and warnings of the default pack at the head of a clone, and how long it took."""
    start = time.process_time()
    tree = GitTree(clone, "HEAD")
    result = check.run(tree, check.Scope(select=("pipeline",)))
    tree.close()
    seconds = time.process_time() - start
    counts = Counter(finding.severity.value for finding in result.findings)
    print(f"\n{clone.name}: {result.workflows} workflows, {dict(counts)}, {seconds:.2f} s of CPU")
    for finding in result.findings:
        if finding.severity is not Severity.info:
            what = f"{finding.severity.value} {finding.rule} {finding.path}:{finding.line}"
            print(f"- {what}: {finding.message}")


if __name__ == "__main__":
    main()
