"""Architectures of the build matrix: the fields of a leg, and the legs of an image."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.pipeline.runners import ARCHES, arches_in, native
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import WRONG_DOCKERFILE
from scaffold.rules.matrix.siblings import installs_toolkit
from scaffold.surfaces.matrix.reading import AMD_RUNNER, ARCH_FIELDS, ARM_RUNNER, Entry


class MatrixArchMismatch(Rule):
    """Platforms, platform tag, runner and builder image speak of one architecture.

    Why: an arm64 leg on an amd64 runner builds under emulation, for hours, or pushes an image of the
    wrong architecture under the right tag. Where a checkout builds one leg per architecture, an entry
    with two platforms is the emulated build that this replaced.

    Fails:

        - platforms: 'linux/arm64'
          platform-tag: 'arm64'
          runs-on: 'ubuntu-latest'

    Passes:

        - platforms: 'linux/arm64'
          platform-tag: 'arm64'
          runs-on: 'ubuntu-24.04-arm'

    Fix: `scaffold check --fix` corrects the field that stands alone against the others, or names what is no
    architecture.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose fields name two architectures."""
        split = _splits_by_arch(registry.matrix.linux)
        for entry in registry.matrix.linux:
            votes = _arch_votes(entry)
            if len(entry.arches) > 1 and split:
                yield self.finding(
                    entry.at("platforms"),
                    entry.backend,
                    f"{entry.tag_suffix} platforms",
                    f"one entry builds {entry.fields['platforms']}: one of them under emulation",
                    "split it into one entry per architecture, each with its platform-tag and runner",
                )
            elif len(set(votes.values())) > 1:
                yield self._mismatch(entry, votes)

    def _mismatch(self, entry: Entry, votes: dict[str, str]) -> Finding:
        known = {field: arch for field, arch in votes.items() if arch in arches_in(arch).values()} or votes
        counts = Counter(known.values()).most_common()
        arch = counts[0][0] if counts[0][1] > counts[-1][1] else known.get("platforms", counts[0][0])
        wrong = [field for field in votes if votes[field] != arch]
        right = {
            "platforms": f"linux/{arch}",
            "platform-tag": arch,
            "runs-on": ARM_RUNNER if arch == "arm64" else AMD_RUNNER,
        }
        said = ", ".join(f"{field} {entry.fields[field]!r}" for field in votes)
        fields = [field for field in wrong if field in right]
        certain = (len(counts) == 1 or counts[0][1] > counts[-1][1]) and fields == wrong
        return self.finding(
            entry.at(wrong[0]),
            entry.backend,
            f"{entry.tag_suffix} {' '.join(wrong)}",
            f"{entry.tag_suffix} names two architectures: {said}",
            "; ".join(f"set {field}: {right[field]!r}" for field in fields)
            or f"use the {arch} builder image",
            fix=partial(_set_all, entry, {field: right[field] for field in fields}) if certain else None,
        )


def _splits_by_arch(entries: Iterable[Entry]) -> bool:
    """Whether a checkout builds its two-architecture images one leg per architecture, most of them."""
    whole = [entry for entry in entries if len(entry.arches) > 1]
    legs = Counter(entry.tag_suffix for entry in entries if entry.fields.get("platform-tag"))
    return 2 * sum(count > 1 for count in legs.values()) > len(whole)


def _set_all(entry: Entry, fields: dict[str, str], changes: ChangeSet) -> None:
    for field, value in fields.items():
        entry.set(changes, field, value)


def _arch_votes(entry: Entry) -> dict[str, str]:
    """Field -> the one architecture that it speaks of, for the fields that speak of one."""
    votes = {}
    if len(entry.arches) == 1:
        votes["platforms"] = entry.arches[0]
    if entry.fields.get("platform-tag"):
        votes["platform-tag"] = entry.fields["platform-tag"]
    runner = native(entry.fields.get("runs-on", ""))[1]
    if runner:
        votes["runs-on"] = next(arch for arch in ("amd64", "arm64") if ARCHES[f"linux/{arch}"] == runner)
    builder = re.search(r"-(amd64|arm64)$", entry.fields.get("builder-base-image", ""))
    if builder:
        votes["builder-base-image"] = builder[1]
    if "l4t-jetpack" in entry.fields.get("base-image", ""):
        votes["base-image"] = "arm64"
    return votes if len(entry.arches) < 2 else {}  # noqa: PLR2004 - two platforms are two architectures


class MatrixIncompletePair(Rule):
    """Both legs of a two-architecture image exist and differ only in the architecture's fields.

    Why: an entry with a platform tag pushes by digest, and a later job merges the legs into one tag.
    When a leg is forgotten, users of that architecture get `no matching manifest`; when the legs
    disagree in another field, the two halves of one image are different builds.

    Fails:

        - tag-suffix: '-cpu-rookery'
          platform-tag: 'arm64'
        # and no entry with platform-tag: 'amd64'

    Passes:

        - tag-suffix: '-cpu-rookery'
          platform-tag: 'amd64'
        - tag-suffix: '-cpu-rookery'
          platform-tag: 'arm64'

    A lone leg is fine where the comment above it says what became of the other architecture. `skip-drivers`
    is not compared where neither leg has a toolkit to install.

    Fix: copy the leg, change platforms, platform-tag, runs-on and builder-base-image.
    """

    severity = Severity.warning
    explained_by = (*WRONG_DOCKERFILE, "matrix-tag-suffix")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where one leg names a wrong Dockerfile or backend, or has a tag suffix that nobody asks for."""
        tag_suffix, _, what = finding.subject.partition(" ")
        if cause.rule == "matrix-tag-suffix":
            return tag_suffix in cause.subject.split(" ")
        return what in ("dockerfile", "backend") and tag_suffix in cause.subject

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Images with a lone leg, a leg without platform tag, or two different legs."""
        legs: dict[str, list[Entry]] = defaultdict(list)
        for entry in registry.matrix.linux:
            legs[entry.tag_suffix].append(entry)
        for tag_suffix, entries in legs.items():
            tagged = [entry for entry in entries if entry.fields.get("platform-tag")]
            if tagged and len(tagged) < len(entries):
                for entry in entries:
                    if entry not in tagged:
                        yield self.finding(
                            entry,
                            entry.backend,
                            f"{tag_suffix} untagged",
                            f"a leg of {tag_suffix} has no platform-tag: it is pushed on its own, not merged",
                            f"add platform-tag: {(entry.arches or ('amd64',))[0]!r} after platforms",
                        )
            elif len(tagged) == 1:
                yield from self._lone(tagged[0])
            elif len(tagged) > 1:
                yield from self._different(tagged)

    def _lone(self, entry: Entry) -> Iterator[Finding]:
        own = entry.fields["platform-tag"]
        other = "arm64" if own == "amd64" else "amd64"
        # Nobody means to leave amd64 out, whatever a comment says of it.
        if own != "amd64" or not _excuses(entry.comments, own, other):
            yield self.finding(
                entry.at("platform-tag"),
                entry.backend,
                f"{entry.tag_suffix} {other}",
                f"{entry.tag_suffix} has an {own} leg and no {other} leg",
                f"add the {other} leg, or drop platform-tag, or say above the entry why there is no {other}",
            )

    def _different(self, entries: list[Entry]) -> Iterator[Finding]:
        first = entries[0]
        for entry in entries[1:]:
            for field in dict.fromkeys((*first.fields, *entry.fields)):
                mine, other = entry.fields.get(field), first.fields.get(field)
                idle = field == "skip-drivers" and not any(map(installs_toolkit, (first, entry)))
                if mine != other and field not in ARCH_FIELDS and not idle:
                    yield self.finding(
                        entry.at(field),
                        entry.backend,
                        f"{entry.tag_suffix} {field}",
                        f"the legs of {entry.tag_suffix} differ in {field}: {mine!r} here, {other!r} in "
                        "another",
                        f"make them equal to line {first.at(field).line}: they are merged into one image",
                    )


def _excuses(comment: str, own: str, other: str) -> bool:
    """Whether a comment says why there is no leg for the other architecture."""
    reason = rf"(?i)\b(once|later|yet|unsupported|cannot|fails|no {other}|only {own}|without {other})\b"
    sentences = (s for s in re.split(r"(?<=[.;])\s", comment) if other in s)
    return any(re.search(reason, sentence) for sentence in sentences)
