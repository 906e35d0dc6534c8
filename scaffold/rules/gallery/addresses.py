"""The addresses of the gallery's images."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.downloader import PATH
from scaffold.surfaces.gallery.items import Item


class GalleryAddressUnknown(Rule):
    """LocalAI can download from every address of the gallery.

    Why: LocalAI takes an address for an image by how it begins, as `LooksLikeOCI` of pkg/downloader/uri.go
    lists; any other it asks as a web page, and that fails. A mirror without its registry is never of use: on
    the day on which the first registry does not answer nothing can be installed.

    Fails:

        uri: "registry.example.org/local-ai-backends:latest-cpu-rookery"   # an error
        mirrors:
          - localai/localai-backends:latest-cpu-rookery                    # a warning

    Passes:

        uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-rookery"
        mirrors:
          - docker.io/localai/localai-backends:latest-cpu-rookery

    There is one finding for all mirrors of one repository.

    Fix: write the registry in front, or let `LooksLikeOCI` know the address.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Addresses that begin as none that LocalAI knows."""
        gallery, downloads = registry.gallery, registry.downloader.downloads
        mirrored: dict[str, list[Item]] = {}
        for item in gallery.items:
            if item.uri and not downloads(item.uri):
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.name,
                    f"{item.name} is at {item.uri}, and {PATH} knows no address that begins so: nobody can"
                    " install it",
                    f"write one of {gallery.repository}",
                )
            for mirror in item.mirrors:
                if not downloads(mirror):
                    mirrored.setdefault(mirror.rpartition(":")[0], []).append(item)
        for repository, items in mirrored.items() if registry.only is None else ():
            yield self.finding(
                items[0].at("mirrors"),
                "",
                f"mirrors of {repository}",
                f"{PATH} knows no address that begins with {repository.partition('/')[0]}/: the mirrors of"
                f" {len(items)} items are never downloaded",
                f"write docker.io/{repository}, or add its beginning to LooksLikeOCI in {PATH}",
                severity=Severity.warning,
            )
