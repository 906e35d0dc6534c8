"""Items that are written in braces: read as what they are, and edited rightly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.errors import ShapeError
from scaffold.operations import remove, rename
from scaffold.registry import Registry
from scaffold.surfaces.base import YamlRecord
from tests.rules.trees import BASE, GALLERY, MATRIX, MINIATURE, Altered, assert_fine, findings, item

ROW = re.compile(r"( *)- ((?:[\w-]+: [^#\n]*\n *)+)")
"""An item of scalars, a line each."""
ROW_IN_LIST = r"  \1,"


def braced(records: Iterable[YamlRecord]) -> Altered:
    """The miniature with every record in braces that has no comment."""
    altered = MINIATURE
    for record in sorted(records, key=lambda record: -record.start):
        start = record.source.line_start(record.start)
        row = ROW.fullmatch(record.source.slice(start, record.end))
        if row is not None:
            text = f"{row[1]}- {{{', '.join(line.strip() for line in row[2].splitlines())}}}\n"
            altered = altered.rewrite(record.path, partial(replaced, start, record.end, text))
    return altered


def replaced(start: int, end: int, new: str, text: str) -> str:
    data = text.encode()
    return (data[:start] + new.encode() + data[end:]).decode()


BEFORE = Registry(BASE)
FLOW = braced((*BEFORE.matrix.linux, *BEFORE.matrix.darwin, *BEFORE.bump_deps.bumps))


def test_rows_in_braces_are_read_as_what_they_are() -> None:
    read, other = Registry(FLOW.tree()), BEFORE
    flow = [e for e in (*read.matrix.linux, *read.matrix.darwin) if "{" in e.source.slice(e.start, e.end)]
    assert len(flow) > len(read.matrix.linux)
    assert [e.fields for e in read.matrix.linux] == [e.fields for e in other.matrix.linux]
    assert [e.fields for e in read.matrix.darwin] == [e.fields for e in other.matrix.darwin]
    assert [b.item.fields for b in read.bump_deps.bumps] == [b.item.fields for b in other.bump_deps.bumps]
    assert_fine(FLOW)


def test_a_list_in_brackets_is_read_as_what_it_is() -> None:
    def brackets(text: str) -> str:
        head, key, rows = text.partition("includeDarwin:\n")
        assert key
        return f"{head}includeDarwin: [\n{re.sub(r'(?m)^ *- (.*)$', ROW_IN_LIST, rows)}]\n"

    read = Registry(FLOW.rewrite(MATRIX, brackets).tree())
    assert read.matrix.darwin
    assert [e.fields for e in read.matrix.darwin] == [e.fields for e in BEFORE.matrix.darwin]


def test_a_backend_is_removed_with_its_rows() -> None:
    changes = remove.plan(FLOW.tree(), "kestrel").changes
    assert not Registry(changes.overlay()).matrix.entries_of("kestrel")


def test_a_backend_is_renamed_in_its_rows() -> None:
    after = Registry(rename.plan(FLOW.tree(), "kestrel", "osprey").changes.overlay())
    assert len(after.matrix.entries_of("osprey")) == len(BEFORE.matrix.entries_of("kestrel"))


META = MINIATURE.edit_in(
    item("kestrel"),
    ('  capabilities:\n    default: "cpu-kestrel"\n', '  capabilities: {default: "cpu-kestrel"}\n'),
)


def edit_matrix(changes: ChangeSet) -> None:
    entry = next(e for e in Registry(changes.tree).matrix.linux if "{" in e.source.slice(e.start, e.end))
    entry.set(changes, "runs-on", "x")


def edit_gallery(changes: ChangeSet) -> None:
    Registry(changes.tree).gallery.by_name["kestrel"].add_capability(changes, "cpu", "cpu-kestrel")


@pytest.mark.parametrize(
    ("altered", "edit", "path"), [(FLOW, edit_matrix, MATRIX), (META, edit_gallery, GALLERY)]
)
def test_what_would_be_edited_inside_of_braces_is_refused(
    altered: Altered, edit: Callable[[ChangeSet], None], path: str
) -> None:
    changes = ChangeSet(altered.tree())
    with pytest.raises(ShapeError, match="written in braces or brackets") as found:
        edit(changes)
    assert found.value.path == path
    assert not changes.contents()


@pytest.mark.parametrize("mark", [">-", "|-"])
def test_a_value_below_its_key_is_read(mark: str) -> None:
    below = rf"\1\2: {mark}\n\1  \3"
    assert_fine(
        MINIATURE.rewrite(
            MATRIX, lambda text: re.sub(r"(?m)^( +)(tag-suffix|backend): ['\"]([^'\"\n]+)['\"]$", below, text)
        ).rewrite(GALLERY, lambda text: re.sub(r"(?m)^( +)(name|uri): \"([^'\"\n]+)\"$", below, text))
    )


def test_escapes_are_read() -> None:
    def escaped(text: str) -> str:
        return re.sub(r'(?m)^( +(?:name|uri|default): ".*?)-([^"\n]*")$', r"\1\\x2d\2", text)

    altered = MINIATURE.rewrite(GALLERY, escaped)
    assert b"\\x2d" in (altered.tree().read(GALLERY) or b"")
    assert_fine(altered)


def aliased(name: str, other: str) -> Altered:
    """The miniature with the capabilities of one meta as an alias of another one's."""

    def alias(text: str) -> str:
        for meta, value in ((name, "&shared\n"), (other, "*shared\n")):
            head, found, rest = text.partition(f'\n- &{meta}\n  name: "{meta}"\n')
            above, key, below = rest.partition("  capabilities:\n")
            assert found
            assert key
            if value[0] == "*":
                below = re.sub(r"\A(?: {4}.*\n)+", "", below)
            text = f"{head}{found}{above}  capabilities: {value}{below}"
        return text

    return MINIATURE.rewrite(GALLERY, alias)


def test_capabilities_of_another_backend_are_told_where_the_alias_stands() -> None:
    where = aliased("rookery", "heron").tree()
    found = [f for f in findings(where, "gallery-capability-target") if f.backend == "heron"]
    text = (where.read(GALLERY) or b"").decode()
    assert {f.line for f in found} == {text[: text.index("*shared")].count("\n") + 1}
    assert "'cpu-rookery', an image of rookery" in found[0].message
    for finding in found:
        if finding.fix is not None:
            with pytest.raises(ShapeError, match="is an alias"):
                finding.fix(ChangeSet(where))


def test_an_alias_is_what_it_stands_for() -> None:
    def alias(text: str) -> str:
        parts = re.split(r"(?m)^  mirrors:\n    - (.*)\n", text)
        return f"{parts[0]}  mirrors: &own\n    - {parts[1]}\n{parts[2]}" + "".join(
            f"  mirrors:\n    - {mirror}\n{rest}"
            for mirror, rest in zip(parts[3::2], parts[4::2], strict=True)
        )

    assert_fine(MINIATURE.rewrite(GALLERY, alias))

    def license_of(text: str) -> str:
        first, rest = text.replace("  license: mit\n", "  license: *mit\n").split("*mit", 1)
        return f"{first}&mit mit{rest}"

    assert_fine(MINIATURE.rewrite(GALLERY, license_of))
