"""What the shell makes of a script's expansions."""

from __future__ import annotations

import pytest

from scaffold.directory.scripts import unquoted_expansions


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
    found = unquoted_expansions(script.encode())
    assert [script[start:end] for start, end in found] == expected
