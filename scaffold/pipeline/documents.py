"""The files of workflows and actions, and what both say of their inputs."""

from __future__ import annotations

import posixpath
from functools import lru_cache

from scaffold.errors import ShapeError
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import parsed
from scaffold.syntax.yaml import YamlSource


@lru_cache(maxsize=512)
def read_document(path: str, data: bytes) -> tuple[YamlSource, yaml.Mapping] | None:
    """A workflow or action, read once per content; None where it is empty. Raises ShapeError for others."""
    source = parsed(YamlSource, path, data)
    node = yaml.read(source, strict=True)
    if not isinstance(node, yaml.Mapping):
        if node is None:
            return None
        raise ShapeError(path, 1, "is no mapping, expected a workflow or an action")
    return source, node


def defaults(inputs: yaml.Mapping) -> dict[str, yaml.Scalar]:
    """Input -> its default, of a reusable workflow or an action."""
    found = {}
    for name, spec in inputs.values.items():
        value = spec.get("default") if isinstance(spec, yaml.Mapping) else None
        found[name] = value if isinstance(value, yaml.Scalar) else yaml.Scalar("", 0, 0, "'")
    return found


def local_path(uses: str) -> str:
    """Path of a workflow or action of this repository (`./x`, or `$/x`); "" for any other."""
    if not uses.startswith(("./", "$/")):
        return ""
    path = posixpath.normpath(uses[2:].partition("@")[0])
    return "" if path.startswith("..") else path
