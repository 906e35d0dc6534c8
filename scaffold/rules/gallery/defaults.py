"""What a host without an accelerator finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.gallery.capabilities import add_capability
from scaffold.surfaces.gallery.items import Item

CPU_REQUIREMENTS = "requirements-cpu.txt"

_NEEDS_GPU = re.compile(
    r"(?is)\b(?:requires?|needs?)\b[^.]{0,200}\b(?:GPU|CUDA|accelerator)\b|\bGPU[- ]only\b|\bno CPU\b"
    r"|\bCPU\b[^.]{0,200}\b(?:un|not )supported\b"
)


class GalleryNoDefault(Rule):
    """A host without an accelerator finds the CPU image of a backend that has one, or could.

    Why: LocalAI falls back to `default`, then to `cpu`. A meta with neither offers a machine without
    a GPU nothing, though its image is there. Where no such image is built it is a warning: the backend has
    what one needs, a `requirements-cpu.txt` or a job of test-extra.yml that builds it: CI has no GPU.

    Fails:

        capabilities:                # and cpu-rookery is built
          nvidia: "cuda12-rookery"

    Passes:

        capabilities:
          default: "cpu-rookery"
          nvidia: "cuda12-rookery"

    A description that says that the CPU is not supported, or a GPU required, is believed.

    Fix: `scaffold check --fix` adds `default` to the meta and to its development twin. Without an image,
    `scaffold add-variant NAME cpu`.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Metas of backends with a CPU image and without a key for it."""
        fallbacks = {"default"} | ({"cpu"} & registry.hardware.reported)
        for name in registry.names if not registry.hardware.is_lost else ():
            image = registry.gallery.release_images(name).get("cpu")
            for meta in registry.gallery.base_metas(name):
                if not meta.is_meta or fallbacks & set(meta.capabilities):
                    continue
                if image is None and not _NEEDS_GPU.search(meta.source.slice(meta.start, meta.end)):
                    yield from self._without_image(registry, name, meta)
                elif image is not None:
                    yield self.finding(
                        meta.last_capability,
                        name,
                        meta.name,
                        f"{meta.name} has no default: a host without accelerator gets nothing, "
                        f"though {image} is built",
                        f'add default: "{image}" to its capabilities',
                        fix=partial(add_capability, registry, meta, "default", image),
                    )

    def _without_image(self, registry: Registry, name: str, meta: Item) -> Iterator[Finding]:
        files = registry.files(name)
        own = f"{files.path}/{CPU_REQUIREMENTS}" if CPU_REQUIREMENTS in files.names else ""
        image = f"docker-build-{name}"
        goals = {use.name for use in registry.test_jobs.make_targets}
        tested = any(
            image == goal or any(word.text == image for word in registry.makefile.list_words(goal))
            for goal in goals
        )
        if own or tested:
            yield self.finding(
                meta.last_capability,
                name,
                f"{meta.name} cpu",
                f"a host without accelerator gets nothing of {meta.name}, though {name} "
                + (f"has {own}" if own else f"is tested without one in {registry.test_jobs.path}"),
                f"build its CPU image (scaffold add-variant {name} cpu), or say in the description that it "
                "requires a GPU",
                severity=Severity.warning,
            )
