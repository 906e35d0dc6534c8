"""Whether a version can be what several requirements of one package ask for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import Specifier
    from packaging.version import Version


@lru_cache(maxsize=1024)
def is_met_by_none(*asked: str) -> bool:
    """Whether no version is in all of some sets (`>=1.4,<2`, `==1.2`); False where one of them is unreadable.

    A local version (`1.2+cpu`) is met by its public one. Bounds with no release between them are not known.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        together = SpecifierSet(",".join(asked), prereleases=True)
    except InvalidSpecifier:
        return False
    written = {one.version for one in together if one.operator == "==="}
    if written:
        return len(written) > 1
    pins = [one.version for one in together if one.operator == "==" and not one.version.endswith(".*")]
    if pins:
        return not any(together.contains(pin) for pin in pins)
    bounds = [bound for one in together for bound in _bounds(one)]
    return any(
        low > high or (low == high and not (has_low and has_high))
        for is_upper, high, has_high in bounds
        for is_other_upper, low, has_low in bounds
        if is_upper and not is_other_upper
    )


def _bounds(one: Specifier) -> Iterator[tuple[bool, Version, bool]]:
    """(whether it is the upper one, version, whether that is inside) of the bounds of a range."""
    from packaging.version import Version

    operator, version = one.operator, Version(one.version.removesuffix(".*"))
    if operator in (">", ">="):
        yield False, version, operator == ">="
    elif operator in ("<", "<="):
        yield True, version, operator == "<="
    elif operator in ("~=", "=="):
        release = version.release[:-1] if operator == "~=" else version.release
        yield False, version, True
        behind = ".".join(map(str, (*release[:-1], release[-1] + 1)))
        yield True, Version(f"{version.epoch}!{behind}"), False
