"""Addresses in requirements files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scaffold.directory.requirement_addresses import host, is_known_there, usual_host, wrong_folder
from scaffold.directory.requirements import addresses
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirement_lines import requirement_texts


class RequirementAddressUnknown(Rule):
    """The addresses of a requirements file lead somewhere.

    Why: pip goes on without an index that does not answer, and takes what PyPI has: torch for other hardware.
    Where the address is a requirement's own, the image is not built. A host that is a letter off may be
    anybody's.

    Fails:

        --extra-index-url https://download.pytorch.org/whl/cu13
        --extra-index-url https://download.pytorch.org/whl/rocm
        --extra-index-url https://downloads.pytorch.org/whl/cu130
        git+https://gihub.com/example/rookery@v1.0

    Passes:

        --extra-index-url https://download.pytorch.org/whl/cu130
        --extra-index-url https://download.pytorch.org/whl/rocm7.0
        git+https://github.com/example/rookery@v1.0

    PyTorch calls its indexes `cpu`, `xpu`, `cu` with three digits (two before CUDA 10), and `rocm` with two
    or three numbers. A host is told that one file names, a letter away from one that several name: as a
    warning, unless others have the same address on that host.

    Fix: write the folder, or the host, that there is.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Folders that PyTorch's index does not have, and hosts that are misspelt."""
        found = [(backend, text, [*addresses(text)]) for backend, text in requirement_texts(registry)]
        known = {address for _, _, here in found for address, _ in here}
        named = Counter(one for _, _, here in found for one in {host(address) for address, _ in here})
        for backend, text, here in found:
            for address, offset in here:
                folder, meant = wrong_folder(address), usual_host(host(address), named)
                if folder:
                    yield self.finding(
                        text.place(offset),
                        backend,
                        f"{text.path} {folder}",
                        f"PyTorch has no {folder!r} in its index: {address} leads nowhere",
                        "write whl/cpu, whl/xpu, or the release in full: whl/cu130, whl/rocm7.0",
                    )
                elif meant:
                    yield self.finding(
                        text.place(offset),
                        backend,
                        f"{text.path} {host(address)}",
                        f"{host(address)} is named nowhere else, and {named[meant]} files name {meant}",
                        f"write {meant}",
                        severity=None if is_known_there(address, meant, known) else Severity.warning,
                    )
