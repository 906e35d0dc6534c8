"""Altered Makefiles."""

from __future__ import annotations

from tests.rules.trees import MINIATURE, Altered

MAKEFILE = "Makefile"
LARK = "BACKEND_LARK = lark|golang|.|false|true"
GONE = (
    "BACKEND_GONE = gone|python|.|false|true\n$(eval $(call generate-docker-build-target,$(BACKEND_GONE)))\n"
)
RULE = "\n{}:\n\tdocker build .\n"
ROOKERY = "\t$(MAKE) -C backend/python/rookery"


def make(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(MAKEFILE, *pairs)
