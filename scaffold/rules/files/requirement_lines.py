"""Lines of requirements files, as the installer reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scaffold.directory.requirements import is_requirements, joined, read, unreadable
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class RequirementUnreadable(Rule):
    """Each line of a requirements file is a requirement that pip and uv read.

    Why: pip and uv refuse the whole file for one line that they cannot read, and the image is not built.
    A version follows `==`, `>=`, `<=`, `~=`, `!=`, `<` or `>`; a package has a line of its own.

    Fails:

        torch=2.12.1
        grpcio 1.82.1
        transformers==5.15.0accelerate

    Passes:

        torch==2.12.1
        grpcio==1.82.1
        transformers==5.15.0
        accelerate

    Addresses, paths, options and what follows `;` are not judged. `torchaccelerate` is taken for two packages
    where several files have both, and no other has that name.

    Fix: write the line as pip reads it.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Lines that are no requirement."""
        texts = [
            (backend, text)
            for backend, lang in registry.backends.items()
            if lang == "python"
            for text in registry.files(backend).texts(filter(is_requirements, registry.files(backend).names))
        ]
        named = Counter(package for _, text in texts for package in read(text).packages)
        usual = {package for package, count in named.items() if count > 1}
        for backend, text in texts:
            for first, second, offset in joined(text, usual):
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"{text.path} {first}{second}",
                    f"{first} and {second} stand on one line without a break",
                    "write each on a line of its own",
                )
            for line, offset in unreadable(text):
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"{text.path} {line}",
                    f"no installer reads the requirement {line!r}: the image is not built",
                    "write `NAME`, or `NAME==VERSION`, on a line of its own",
                )
