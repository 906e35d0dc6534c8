"""Metadata of the gallery: what users read before they install."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.base import majority
from scaffold.surfaces.gallery.items import NOTHING, Item

METADATA = ("license", "description", "urls", "tags", "icon")


class GalleryMetadata(Rule):
    """A meta has license, description, urls, tags and icon.

    Why: it is all that users see before they install a backend.

    Fails:

        - &rookery
          name: "rookery"
          capabilities: ...

    Passes:

        - &rookery
          name: "rookery"
          license: MIT
          icon: ...
          description: |
            What it does, for whom.
          urls:
            - https://github.com/example/rookery
          tags:
            - text-to-speech

    Fix: add what is missing.
    """

    severity = Severity.info

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas that lack some of them."""
        gallery = registry.gallery
        for meta in gallery.items:
            if meta.anchor and (meta.is_meta or meta.uri):
                lacking = [key for key in METADATA if _lacks(meta, key)]
                if lacking:
                    yield self.finding(
                        meta,
                        gallery.owner(meta),
                        f"{meta.name} {' '.join(lacking)}",
                        f"{meta.name} has no {', '.join(lacking)}",
                        "add what is missing: it is what users see in the gallery",
                    )


class GalleryLicenseSpelling(Rule):
    """A license is spelled as SPDX spells it, in any case.

    Why: tools that collect licenses know `apache-2.0`; `apache2` and `Apache License` they do not.

    Fails:

        license: apache2

    Passes:

        license: apache-2.0

    A name that no SPDX license comes near, such as a vendor's own, is left alone.

    Fix: `scaffold check --fix` writes the SPDX name, in the capitals that most items have.
    """

    severity = Severity.info
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Licenses that differ from an SPDX name only in punctuation or a word such as License."""
        gallery = registry.gallery
        used = [item.item.fields.get("license", "") for item in gallery.items]
        for meta in gallery.items:
            license_name = meta.item.fields.get("license", "") if meta.anchor else ""
            spdx = _spdx(license_name) if license_name else None
            if spdx and spdx.lower() != license_name.lower():
                alike = [own for own in used if own.lower() == spdx.lower()]
                spelled = majority(alike) or spdx
                yield self.finding(
                    meta.at("license"),
                    gallery.owner(meta),
                    f"{meta.name} {license_name}",
                    f"{meta.name}: SPDX spells the license {license_name!r} {spdx!r}",
                    f"write license: {spelled}",
                    fix=partial(_set_license, meta, spelled),
                )


def _lacks(meta: Item, key: str) -> bool:
    """Whether a meta does not say something, or says nothing there; a text of lines is not looked at."""
    text = meta.item.fields.get(key)
    if text is None or text.lower() in NOTHING:
        return True
    return not text and key != "description" and not meta.item.lists.get(key)


def _set_license(meta: Item, spdx: str, changes: ChangeSet) -> None:
    meta.set_value(changes, spdx, "license")


def _spdx(license_name: str) -> str | None:
    """The SPDX name that a license comes near; None where none does."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    words = re.sub(r"(?i)\b(?:the|licen[sc]e|version)\b", " ", license_name).replace("_", " ")
    dashed = re.sub(r"(?i)(?<=[a-z])[ -]*v?(?=\d)", "-", words.strip())
    dashed = re.sub(r"[\s,-]+", "-", dashed).strip("-")
    for candidate in (license_name, dashed, f"{dashed}.0", f"{dashed}-only"):
        try:
            return str(canonicalize_license_expression(candidate))
        except InvalidLicenseExpression:
            continue
    return None
