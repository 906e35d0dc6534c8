"""Words of scripts that stand for nothing."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import FINCH, LARK, findings, line_of, read, tree

SLUG = "script-misspelt"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exec "$CUDIR/lark"'),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exec "${CURIDR}/lark"'),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exce "$CURDIR/lark"'),
        (f"{LARK}/package.sh", 'source "$REPO_ROOT', 'sourc "$REPO_ROOT'),
        (f"{LARK}/package.sh", 'source "$REPO_ROOT', 'source "$REPOROOT'),
        (f"{FINCH}/run.sh", "startBackend", "startBackends"),
        (f"{FINCH}/install.sh", "installRequirements", "instalRequirements"),
    ],
)
def test_a_letter_makes_it_a_word_that_there_is(path: str, old: str, new: str) -> None:
    text = read(path)
    assert old in text
    where = tree({path: text.replace(old, new).encode()})
    (found,) = findings(where, SLUG)
    assert (found.backend, found.path) == (path.split("/")[2], path)
    assert found.line == line_of(where, path, new)


@pytest.mark.parametrize(
    "line",
    [
        'echo "${CURDIRS:-none}"',
        'CURDIRS=x; echo "$CURDIRS"',
        'read -r CURDIRS; echo "$CURDIRS"',
        'for CURDIRS in a b; do echo "$CURDIRS"; done',
        'echo "$LARK_LIBRARY2"',
        "sources() { true; }; sources",
        'echo "$1" "$@" "$?" "$CUR"',
        'for CARD_TYPE in $CARD_TYPES; do CARD_TYPE=1; echo "$CARD_TYPE"; done',
        'TARGET_ARCH=$TARGETARCH; echo "$TARGET_ARCH"',
        'clean() { true; }; find() { true; }; clear; fine "$@" && bind x && kind y',
        "python3 -V",
        "# exex $CUDIR",
    ],
)
def test_what_is_defined_or_far_from_it(line: str) -> None:
    text = read(f"{LARK}/run.sh")
    assert (
        findings(tree({f"{LARK}/run.sh": text.replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()}), SLUG)
        == []
    )


def test_a_variable_that_the_makefile_gives() -> None:
    run = read(f"{LARK}/run.sh").replace("\nif [ -f", '\necho "$CURDIRS"\nif [ -f', 1)
    makefile = f"export CURDIRS=a\n{read(f'{LARK}/Makefile')}"
    assert findings(tree({f"{LARK}/run.sh": run.encode(), f"{LARK}/Makefile": makefile.encode()}), SLUG) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('cpp -a "$CURDIR/lark" "$CURDIR/package/"', ""),
        ('ccp -a "$CURDIR/lark" "$CURDIR/package/"', "ccp"),
        ('cq -a "$CURDIR/lark" "$CURDIR/package/"', "cq"),
        ("cq --version", ""),
        ("uv pip install ./x", ""),
        ('chmodd +x "$CURDIR/lark"', "chmodd"),
        ('rrm -rf "$CURDIR/package"', "rrm"),
    ],
)
def test_a_short_command(line: str, word: str) -> None:
    path = f"{LARK}/package.sh"
    where = tree({path: (read(path) + line + "\n").encode()})
    assert [f.subject for f in findings(where, "script-misspelt")] == [f"{word} in package.sh"] * bool(word)


@pytest.mark.parametrize(
    ("file", "old", "new", "word"),
    [
        ("run.sh", "lib/liblark.so", "lib/liblerk.so", "liblerk"),
        ("run.sh", "lib/liblark.dylib", "lib/liblarkk.dylib", "liblarkk"),
        ("package.sh", "LIBRARY=liblark.dylib", "LIBRARY=libalrk.dylib", "libalrk"),
        ("run.sh", "lib/liblark.so", "lib/liblarches.so", ""),
    ],
)
def test_a_file_that_nothing_else_names(file: str, old: str, new: str, word: str) -> None:
    path = f"{LARK}/{file}"
    assert old in read(path)
    where = tree({path: read(path).replace(old, new).encode()})
    assert [f.subject for f in findings(where, SLUG)] == [f"{word} in {file}"] * bool(word)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("LD_LIBARY_PATH", "LD_LIBRARY_PATH"),
        ("LD_LIBRARY_PAHT", "LD_LIBRARY_PATH"),
        ("LDLIBRARY_PATH", "LD_LIBRARY_PATH"),
        ("DYLD_LIBRAY_PATH", "DYLD_LIBRARY_PATH"),
        ("DYLD_FALLBACK_LIBRARY_PTH", "DYLD_FALLBACK_LIBRARY_PATH"),
    ],
)
def test_a_variable_of_the_system_is_what_is_meant(wrong: str, meant: str) -> None:
    text = read(f"{LARK}/run.sh")

    def told(line: str) -> list[tuple[int, str]]:
        where = tree({f"{LARK}/run.sh": text.replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()})
        return [(f.line, f.subject.split()[0]) for f in findings(where, SLUG)]

    number = text[: text.index("\nif [ -f")].count("\n") + 2
    assert told(f'export {wrong}="$CURDIR/lib:${meant}"') == [(number, wrong)]
    assert told(f'export {meant}="$CURDIR/lib:${meant}"') == []
    assert told(f'export {wrong}S="$CURDIR/lib"; export {meant}="${wrong}S"') == []
