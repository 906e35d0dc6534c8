"""The proof of a plan, before anything is written.

Every edited file is parsed again: no new syntax error, and for YAML exactly the values that were
announced, read by another parser than the one that placed the edit. The path filter is executed:
the new entries start the new directory, the old ones what they started before. No rule of `check`
finds an error in the new backend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from scaffold import cage
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import MAX_TEXT_BYTES, Tree
from scaffold.errors import ShapeError
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Severity
from scaffold.surfaces.base import Addition, Removal
from scaffold.syntax.golang import GoSource
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.make import MakeSource
from scaffold.syntax.source import ParsedSource, parsed
from scaffold.syntax.yaml import YamlSource


class ProofError(ShapeError):
    """The planned edit does not do what it should; nothing was written."""


class RepeatedKeyError(ShapeError):
    """A mapping has a key twice, which most YAML parsers refuse."""


def prove(addition: Addition, before: Registry) -> None:
    """Raises ProofError where the planned change is not exactly the announced one."""
    after = addition.changes.overlay()
    prove_syntax(addition.changes)
    for path in addition.changes.edited_paths():
        if path.endswith((".yml", ".yaml")):
            _prove_values(path, before.tree, after, addition)
    result = Registry(after, addition.backend.name)
    _prove_path_filter(addition, before, result)
    _prove_pin(addition, after)
    _prove_rules(addition, result)


def prove_insertion(addition: Addition) -> None:
    """Raises ProofError where a planned insertion is not exactly the announced one."""
    prove_syntax(addition.changes)
    after = addition.changes.overlay()
    for path in addition.changes.edited_paths():
        if path.endswith((".yml", ".yaml")):
            _prove_values(path, addition.changes.tree, after, addition)


def prove_removal(removal: Removal, texts_change: bool = False) -> None:
    """Raises ProofError where a planned removal does more than take things away.

    With `texts_change` a value may become another one, as a capability that leads elsewhere now.
    """
    changes = removal.changes
    prove_syntax(changes)
    overlay = changes.overlay()
    for path in changes.edited_paths():
        if path.endswith((".yml", ".yaml")):
            # What stays must be there as it was: put back, the removed values are pure insertions.
            before = load_yaml(path, changes.tree, duplicates=True)
            after = load_yaml(path, overlay, duplicates=True)
            _take(path, after, removal.regained)
            list(inserted_values(path, after, before, texts_change))


def prove_syntax(changes: ChangeSet) -> None:
    """Raises ProofError where an edited file would have more syntax errors than it has."""
    after = changes.overlay()
    for path in changes.edited_paths():
        _prove_syntax(path, changes.tree, after)


def _source(path: str, data: bytes) -> ParsedSource | None:
    kind: type[ParsedSource] | None = None
    if path.endswith((".yml", ".yaml")):
        kind = YamlSource
    elif path.endswith((".js", ".mjs")):
        kind = JsSource
    elif path.endswith(".go"):
        kind = GoSource
    elif path.rpartition("/")[2] == "Makefile":
        kind = MakeSource
    return parsed(kind, path, data) if kind else None  # type: ignore[arg-type]


def _prove_syntax(path: str, before: Tree, after: Tree) -> None:
    if len(before.content(path) or b"") > MAX_TEXT_BYTES:
        return  # a list of models, which no parser is given: only names are replaced in it
    old, new = _source(path, before.read(path) or b""), _source(path, after.read(path) or b"")
    if old is None or new is None or not new.root.has_error:
        return
    if new.error_count() > old.error_count():
        first = next(new.errors())
        raise ProofError(path, new.line(first.start_byte), "the planned edit would not parse")


def _prove_values(path: str, before: Tree, after: Tree, addition: Addition) -> None:
    expected = addition.expected.get(path, [])
    try:
        old, duplicates = load_yaml(path, before), False
    except RepeatedKeyError:  # not this edit's fault; a new one would be
        old, duplicates = load_yaml(path, before, duplicates=True), True
    _take(path, old, addition.dropped)
    inserted = list(inserted_values(path, old, load_yaml(path, after, duplicates)))
    for value in expected:
        match = next((found for found in inserted if _covers(found, value)), None)
        if match is None:
            raise ProofError(path, None, f"the planned edit would not add {value!r}")
        inserted.remove(match)
    # An item that merges an anchor has the anchor's values too: they are met once for each such item.
    inserted = [found for found in inserted if found not in expected]
    if inserted:
        raise ProofError(path, None, f"the planned edit would also add {inserted[0]!r}")


def _take(path: str, items: Any, moved: Iterable[tuple[str, str, str]]) -> None:
    """Leave the keys out of named items that another item has before or after the change."""
    for _, name, key in (move for move in moved if move[0] == path):
        for item in (item for item in items if item.get("name") == name):
            item.pop(key, None)


def load_yaml(path: str, tree: Tree, duplicates: bool = False) -> Any:
    """The value of a YAML file, by ruamel.yaml. Raises ShapeError where it does not load.

    Every scalar is its text and a merge stays a key `<<`: what is compared is what is written,
    and it loads twice as fast as typed values.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="base")
    parser.allow_duplicate_keys = duplicates
    cage.note(path)
    try:
        return parser.load(BytesIO(tree.read(path) or b""))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        kind = RepeatedKeyError if isinstance(error, DuplicateKeyError) else ShapeError
        raise kind(path, line, f"is no valid YAML: {error.problem}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ShapeError(path, None, f"is no valid YAML: {error}") from None


def inserted_values(path: str, old: Any, new: Any, texts_change: bool = False) -> Iterator[Any]:
    """What `new` has more than `old`: list items, mapping values, the longer of two strings.

    Raises ProofError where anything of `old` is gone or different otherwise.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != [key for key in new if key in old]:
            raise ProofError(
                path,
                None,
                f"the planned edit would change keys: {sorted(map(str, set(old) - set(new)))}",
            )
        for key, value in new.items():
            if key in old:
                yield from inserted_values(path, old[key], value, texts_change)
            else:
                yield value
    elif isinstance(old, list) and isinstance(new, list):
        yield from _inserted_items(path, old, new, texts_change)
    elif old != new and not (texts_change and isinstance(old, str) and isinstance(new, str)):
        if isinstance(old, str) and isinstance(new, str) and _is_grown_text(old, new):
            # A block scalar that ended the file without a newline has one when lines follow it.
            if new != f"{old}\n":
                yield new
        else:
            raise ProofError(path, None, f"the planned edit would change {old!r} to {new!r}")


def _is_grown_text(old: str, new: str) -> bool:
    """Whether one piece inserted into `old` makes `new`."""
    begins = next((i for i, pair in enumerate(zip(old, new, strict=False)) if len({*pair}) > 1), len(old))
    return len(new) > len(old) and new.endswith(old[begins:])


def _inserted_items(path: str, old: list[Any], new: list[Any], texts_change: bool) -> Iterator[Any]:
    """Items of `new` around those of `old`, which must all be there in order, at most grown."""
    position = 0
    surplus = len(new) - len(old)
    for item in old:
        while (
            position < len(new) and surplus > 0 and new[position] != item and not _grown(item, new[position])
        ):
            yield new[position]
            position += 1
            surplus -= 1
        if position >= len(new):
            raise ProofError(path, None, f"the planned edit would lose {item!r}")
        yield from inserted_values(path, item, new[position], texts_change)
        position += 1
    yield from new[position:]


def _grown(old: Any, new: Any) -> bool:
    """Whether `new` is the same named thing as `old`."""
    return (
        isinstance(old, dict) and isinstance(new, dict) and "name" in old and old["name"] == new.get("name")
    )


def _covers(found: Any, value: Any) -> bool:
    """Whether an inserted value is the announced one; a merge may add keys to it."""
    if isinstance(found, dict) and isinstance(value, dict):
        return all(key in found and found[key] == value[key] for key in value)
    return bool(found == value)


def _prove_path_filter(addition: Addition, before: Registry, after: Registry) -> None:
    backend = addition.backend
    matrices = ((after.matrix.linux, after.inferred[0]), (after.matrix.darwin, after.inferred[1]))
    mapped = [list(zip(entries, results, strict=True)) for entries, results in matrices]
    kept = tuple([result for e, result in pairs if e.backend != backend.name] for pairs in mapped)
    if kept != before.inferred:
        raise ProofError(
            after.path_filter.path,
            None,
            "the planned branch would change which directory another backend maps to",
        )
    for entry, directory in (pair for pairs in mapped for pair in pairs):
        if entry.backend == backend.name and directory != f"{backend.directory}/":
            raise ProofError(
                after.path_filter.path,
                None,
                f"the path filter would map {entry.tag_suffix} to {directory}, not to {backend.directory}/",
            )


def ask_what_rules_find(addition: Addition, before: Registry) -> None:
    """Leave to a person what the rules find in the backend after a change, and did not before."""
    name = addition.backend.name
    known = {f.identity for rule in registration_rules() for f in rule.check(Registry(before.tree, name))}
    after = Registry(addition.changes.overlay(), name)
    for finding in (f for rule in registration_rules() for f in rule.check(after)):
        if finding.backend == name and finding.identity not in known:
            addition.ask(finding.path, f"{finding.rule}: {finding.message}; {finding.help}")


def _prove_rules(addition: Addition, after: Registry) -> None:
    """No rule finds an error in the new backend; what it warns of is left to a person.

    The other backends are as they were: all that was inserted is known, and is about this one.
    """
    for finding in (f for rule in registration_rules() for f in rule.check(after)):
        if finding.backend != addition.backend.name:
            continue
        if finding.severity is Severity.error:
            problem = f"the planned edit would bring {finding.rule}: {finding.message}"
            raise ProofError(finding.path, finding.line, problem)
        if finding.severity is Severity.warning:
            addition.ask(finding.path, f"{finding.rule}: {finding.message}; {finding.help}")


def _prove_pin(addition: Addition, after: Tree) -> None:
    backend = addition.backend
    if not backend.upstream:
        return
    path = f"{backend.directory}/Makefile"
    text = (after.read(path) or b"").decode()
    spelled = re.findall(rf"(?m)^.*{re.escape(backend.pin_variable)}\?=.*", text)
    if spelled != [f"{backend.pin_variable}?={backend.pin}"]:
        raise ProofError(
            path,
            None,
            f"expected one line {backend.pin_variable}?={backend.pin}, for the bump script to rewrite",
        )
