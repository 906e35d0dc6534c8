"""What the shell makes of a script's expansions."""

from __future__ import annotations

import subprocess

import pytest

from scaffold.directory.scripts import packages_linux_only, starts_linux_only, unquoted_expansions
from scaffold.directory.text import Text
from scaffold.syntax.shell import ShellSource


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("D=$(dirname $0)", ["$0"]),
        ("D=$(dirname $(realpath $0))", ["$(realpath $0)", "$0"]),
        ('D=$(dirname "$(realpath "$0")")\nexec $D/a', ["$D"]),
        ("D=`pwd`\ncd ${D}\nls >$D/x", ["${D}", "$D"]),
        ('D=$(pwd)\nL="$D/lib"\n. $L/x', ["$L"]),
        ("for a in $@; do echo; done", ["$@"]),
        ("exec $HERE/a", ["$HERE"]),
        ('D=$(pwd)\nif [ -f $D/x ] && test -d $D; then exec "$D"/$BIN "$@"; fi', ["$D", "$D"]),
        # what is not split, or holds no path
        ("D=$(pwd)\nexport LIB=$D/lib X=$D", []),
        ("D=$(pwd)\n[[ -d $D && -f $D/x ]] && echo", []),
        ("D=$(pwd)\ncase $D in a) ;; esac", []),
        ("D=$(pwd)\ncat <<EOF\n$D $@\nEOF\necho \"$D $@\" '$D'", []),
        ("# exec $0 $@\nn=$(( $# + 1 )); echo $n ${#x} $(nproc) /usr/$ARCH/lib", []),
        ('D=$(pwd)\necho "a $(cat "$D/x") b" "${D:-$0}"', []),
        ("echo \\$0 $", []),
        ("'unclosed $0 $@", []),
    ],
)
def test_what_the_shell_splits(script: str, expected: list[str]) -> None:
    found = unquoted_expansions(ShellSource("run.sh", script.encode()))
    assert [script[start:end] for start, end in found] == expected


PLACES = {
    "printf '<%s>' {}": "word",
    "for i in {}; do printf '<%s>' \"$i\"; done": "word",
    "a=({}); printf '<%s>' \"${{a[@]}}\"": "word",
    "X={}; printf '<%s>' \"$X\"": "whole",
    "export X={}; printf '<%s>' \"$X\"": "whole",
    "case {} in *) echo '<>' ;; esac": "whole",
    "[[ -n {} ]] && echo '<>'": "whole",
    "[ -n {} ] && echo '<>'": "word",
    "printf '<%s>' \"$(printf '%s|' {})\" | tr '|' '>'": "word",
    "cat <<E\n<{}>\nE": "whole",
}
EXPANSIONS = ("$D", "${D}", '"$D"', "$D/x", '"$D"/x', '"${D}/x"', "x$D", '$D"/x"', "$D/$D/y", "'$D'")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("expansion", EXPANSIONS)
def test_bash_splits_what_is_found(place: str, expansion: str) -> None:
    """A path with a space makes more words of it, or a wrong command, exactly where something is found."""
    script = f"D=$(pwd)\n{place.format(expansion)}\n"
    found = unquoted_expansions(ShellSource("run.sh", script.encode()))
    runs = [
        subprocess.run(
            ["bash", "-c", script.replace("$(pwd)", f"'{path}'")], capture_output=True, check=False
        )
        for path in ("/a", "/a b")
    ]
    words, split = (run.stdout.count(b">") if not run.stderr else -1 for run in runs)
    assert bool(found) is (words != split)
    fixed = script
    for start, end in reversed(found):
        fixed = f'{fixed[:start]}"{fixed[start:end]}"{fixed[end:]}'
    assert unquoted_expansions(ShellSource("run.sh", fixed.encode())) == []


def on_darwin(script: str) -> tuple[bool, bool]:
    """Whether a start script, and a packaging script, is for Linux alone."""
    text = Text("run.sh", script.encode())
    return starts_linux_only(text) is not None, packages_linux_only(text) is not None


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("export LD_LIBRARY_PATH=x\ncp a.so b", (True, True)),
        ("export LD_LIBRARY_PATH=x\ncp a.so b # and DYLD_LIBRARY_PATH, a.dylib", (True, True)),
        ('if [ "$(uname)" != "Darwin" ]; then\n export LD_LIBRARY_PATH=x\n cp a.so b\nfi', (False, False)),
        ('OS=$(uname -s)\ncase "$OS" in Linux) LD_LIBRARY_PATH=x; cp a.so b ;; esac', (False, False)),
        (
            'if [ "$(uname -s)" = Darwin ]; then exit 0; fi\nexport LD_LIBRARY_PATH=x\ncp a.so b',
            (False, False),
        ),
        (
            'if [ "$(uname)" = Linux ]; then cp a.dylib b; fi\nexport LD_LIBRARY_PATH=x\ncp a.so b',
            (True, True),
        ),
        ("[[ $OSTYPE == darwin* ]] || cp a.so b", (False, False)),
        ("cp a.so b\ncp a.dylib b || true", (False, False)),
        ('f() { LD_LIBRARY_PATH=x; cp a.so b; }\nif [ "$(uname)" = Linux ]; then f; fi', (False, False)),
        ('f() { LD_LIBRARY_PATH=x; cp a.so b; }\nif [ "$(uname)" = Darwin ]; then f; fi', (True, True)),
        ("f() { LD_LIBRARY_PATH=x; cp a.so b; }\nuname\ntrap f EXIT", (True, True)),
        ("cp /usr/lib/libc.so b\necho Darwin", (True, True)),
        ('cp /usr/lib/libc.so b\n[ "$(uname)" = Darwin ]', (True, False)),
    ],
)
def test_what_macos_meets(script: str, expected: tuple[bool, bool]) -> None:
    assert on_darwin(script) == expected
