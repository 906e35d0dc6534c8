"""Files outside of the backends that a build or a job runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.checkout.gone import gone_with
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class CalledFileMissing(Rule):
    """What workflows, Dockerfiles, the Makefile and scripts run of the repository is there.

    Why: a script that was moved, renamed or emptied stops the job that runs it: at once, or in the one
    build of a night or of a platform that takes it.

    Fails: there is no `.docker/install-deps.sh`, and in a Dockerfile stands

        RUN --mount=type=bind,source=.docker/install-deps.sh,target=/usr/bin/install-deps install-deps

    Passes: the same with the script.

    Looked at are files and actions below `.docker/`, `.github/` and `scripts/`, and shared Dockerfiles, that
    are named from the root of the repository; and the scripts that recipes of the root Makefile run, wherever
    they are, unless a rule may make them or git ignores them. What is looked for before it is run
    (`[ -f scripts/x.sh ]`) may be missing.

    Fix: restore the file, or name its new place.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that are run and are not there, each at the first place that names it."""
        from scaffold.pipeline.called_files import called_files, is_there

        for called in called_files(registry.tree) if registry.only is None else ():
            if not is_there(registry.tree, called.path):
                is_empty = registry.tree.read(called.path) is not None
                yield self.finding(
                    called.place,
                    "",
                    called.path,
                    f"{called.path} is {'empty' if is_empty else 'not there'}, and is run here",
                    "restore the file, or name its new place",
                    absent=gone_with(registry.tree, called.path),
                )
