"""What a run publishes that the run of the next push publishes again: little is lost with the run."""

from __future__ import annotations

import itertools
import re

from scaffold.checkout.tree import Tree
from scaffold.pipeline.alternatives import alternatives
from scaffold.pipeline.behind import behind, variable
from scaffold.pipeline.effects import Effect, Kind
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.image_names import image_names
from scaffold.pipeline.publishing import TAGS, makes_no_release, published
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import is_deployment
from scaffold.syntax import yaml_values as yaml


def is_renewed(step: StepRun, done: Effect, tree: Tree) -> bool:
    """Whether the run of the next push does again what a step does.

    An image is made again unless it has no name but that of its commit, and is not deployed in its job; what
    else is published, only where each of its names is known, and of no version.
    """
    if done.words in _SNAPSHOTS or step.step.action in _SINCE_RELEASE:
        return True
    if done.kind is Kind.image:
        again = not _named_after_commit(step) or _is_deployed(step)
        return again or any(_is_named_again(step, name) for name in image_names(step))
    if "goreleaser" in done.words and makes_no_release(tree, step.input("args") + step.step.run):
        return True
    return _of_fixed_version(step) or _of_rolling_tag(step)


_SNAPSHOTS = ("it runs gradle publish", "it runs mvn deploy")
"""What publishes the snapshot of a branch, which the next push publishes again."""
_SINCE_RELEASE = ("helm/chart-releaser-action",)
"""What publishes all that has changed since the last release, whoever has changed it."""


_COMMIT = (
    r"type=sha\b|\{\{\s*sha\b|github\.sha\b|GITHUB_SHA\b|github\.run_(?:id|number)\b|GITHUB_RUN_(?:ID|NUMBER)\b"
    r"|head_commit\.id\b|github\.event\.after\b|--(?:pretty|format)[= ][\"']?(?:format:)?%[hH]\b"
    r"|rev-parse\b(?!.*--(?:abbrev-ref|show-|git-|is-))|\bgit describe\b(?!.*--abbrev=0)"
)
"""What makes a name that only one commit or run has."""


def _named_after_commit(step: StepRun) -> bool:
    """Whether the image that a step pushes has a name that no later push gives to its own."""
    job, outer, own = step.job.job, step.occurrence.outer, step.step
    script = own.script.bare.decode()
    names = {name for line in re.findall(_NAMING, script) for name in re.findall(_VARIABLE, line)}
    handed = {name for line in re.findall(_HANDING, script) for name in re.findall(_VARIABLE, line)} - names
    texts = [own.spelled("tags") or own.spelled("set")]
    texts.append(re.sub(rf"(?m)^.*\b(?:{'|'.join(handed)})=.*$", "", script) if handed else script)
    for name in names:
        said = own.node.text("env", name)
        texts += [said] if said else variable(job, name)
    return any(re.search(_COMMIT, text) for start in texts for text in behind(job, outer, start))


_NAMING = r"(?m)^.*(?:[ \t]-t|--tag|\bpush|\btag)\b.*$"
"""Lines in which images are named."""
_HANDING = r"(?m)--(?:build-arg|label)[ =].*$"
"""Where a build gets values that are no names."""
_VARIABLE = r"\$\{?(\w+)"


def _is_deployed(step: StepRun) -> bool:
    """Whether a step behind one brings to where it runs what that has pushed: of this the newest counts."""
    rest = itertools.dropwhile(lambda o: o is not step.occurrence, step.job.job.occurrences)
    return any(is_deployment(occurrence.step) for occurrence in itertools.islice(rest, 1, None))


def _of_fixed_version(step: StepRun) -> bool:
    """Whether a workflow is called to publish one version, spelled out: a later push publishes it again."""
    return any(
        "version" in name and isinstance(value, yaml.Scalar) and value.text and "${{" not in value.text
        for leg in step.job.chain
        for name, value in leg.job.given.items()
    )


def _of_rolling_tag(step: StepRun) -> bool:
    """Whether all that a step publishes is a release under a tag that the next push gives to its own."""
    own, at = step.step, TAGS.get(step.step.action, "")
    tags = [own.spelled(at)] if at else []
    for command in own.script.commands:
        if made := published(command):
            tags.append("".join(command.bare[_TAG : _TAG + 1]) if made == "gh release" else "")
    return bool(tags) and all(_is_given_again(step, tag, _VERSION) for tag in tags)


def _is_named_again(step: StepRun, name: str) -> bool:
    """Whether the next push certainly names an image so, or gives the tag to one of the same repository."""
    repository, _, tag = name.rpartition(":")
    if not repository or "/" in tag or tag.count("${{") != tag.count("}}"):
        return _is_given_again(step, name)
    return not _is_of_commit(step, repository) and _is_given_again(step, tag)


def _is_of_commit(step: StepRun, text: str) -> bool:
    """Whether a text has what only one commit or run has."""
    return any(re.search(_COMMIT, t) for t in behind(step.job.job, step.occurrence.outer, text))


def _is_given_again(step: StepRun, name: str, but: str = "") -> bool:
    """Whether the next push certainly gives a name, as it is written, to its own; none that is like `but`."""
    values = [value for value in alternatives(step, name) if value]
    known = all(is_known(value) and not re.search(r"^-|\$|\{\{", value) for value in values)
    of_run = any(shown(value) != value for value in values) or _is_of_commit(step, name)
    return bool(values) and known and not of_run and not any(re.fullmatch(but, value) for value in values)


_TAG = 3
"""Where the tag stands in `gh release create TAG`."""
_VERSION = r"v?\d[\d.]*(?:-?(?:alpha|beta|rc|pre)[\w.-]*)?"
