"""What a script may reach, judged by bash."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.directory.scripts import system
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.shell_flow import Flow
from scaffold.syntax.shell_state import UNKNOWN, Facts

NOTHING = Facts()
VALUES = ("", "cublas", "l4t", "l4t13")
TEXTS = ("$A", "${A}", "${A:-}", "${A:-l4t}", "x$B", '$A"$B"', "'$A'", "$A$C")


def flow(script: str, facts: Facts = NOTHING, function: str = "") -> Flow:
    return Flow(ShellSource("x.sh", script.encode()), facts, function)


def said(script: str, facts: Facts = NOTHING) -> list[str]:
    """What a run may print."""
    steps = flow(script, facts).reached
    return [" ".join(step.words[1:]).rstrip() for step in steps if step.words[0] == "echo"]


words = st.sampled_from(
    [f'"{text}"' for text in TEXTS if "'" not in text and '"' not in text] + list(TEXTS[5:7])
)
values = st.sampled_from(VALUES[1:])
plain = st.one_of(
    st.builds('[ {} {} "{}" ]'.format, words, st.sampled_from(["=", "==", "!="]), values),
    st.builds("[ x{} == x{} ]".format, words, values),
    st.builds("[[ {} {} {}* ]]".format, words, st.sampled_from(["==", "!="]), values),
    st.builds("[ {}{} {} ]".format, st.sampled_from(["", "! "]), st.sampled_from(["-n", "-z"]), words),
    st.builds("test {} = {}".format, words, values),
    st.builds('[ {} = {} -o "$B" = {} ]'.format, words, values, values),
    st.builds('[ {} = {} -a -n {} -o ! "$A" = x ]'.format, words, values, words),
    st.builds("[[ {} = {} && $A = l4t || $A$B != {} ]]".format, words, values, values),
    st.builds("[[ {} == {} || ( $A != {} && -n $B ) ]]".format, words, values, values),
    st.sampled_from(["true", "false", ":"]),
)
conditions = st.one_of(
    plain,
    st.builds("! {}".format, plain),
    st.builds("{} && {}".format, plain, plain),
    st.builds("{} || {}".format, plain, plain),
)
leaves = st.one_of(
    st.builds("echo a{} {}".format, st.integers(0, 99), words),
    st.builds("{}={}".format, st.sampled_from("ABC"), st.one_of(words, values)),
    st.builds("export C={}".format, words),
    st.just("C+=x"),
    st.just("# echo no\n:"),
    st.just("echo b | cat"),
    st.just("(A=l4t; exit)"),
    st.just("f"),
)
ends = st.sampled_from([";;", ";&", ";;&"])
blocks = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("{}\n{}".format, inner, inner),
        st.builds("if {}; then\n{}\nfi".format, conditions, inner),
        st.builds(
            "if {}; then\n{}\nelif {}; then\n{}\nelse\n{}\nfi".format,
            conditions,
            inner,
            conditions,
            inner,
            inner,
        ),
        st.builds(
            "case {} in\n  {}|x) {}\n  {}\n  {}*) {}\n  {}\n  *4t) {}\nesac".format,
            words,
            values,
            inner,
            ends,
            values,
            inner,
            ends,
            inner,
        ),
        st.builds(
            "case {} in {}) {} ;;\n *) {}\nesac".format,
            words,
            values,
            leaves.filter(lambda t: t[0] != "#"),
            inner,
        ),
        st.builds("{} && {{\n{}\n}}".format, plain, inner),
        st.builds("{} || {{\n{}\n}}".format, plain, inner),
        st.builds("if {}; then\n{}\nexit\nfi".format, conditions, inner),
        st.builds("g() {{\n{}\n}}".format, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(blocks, st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_where_all_is_known_it_is_what_bash_runs(script: str, a: str, b: str) -> None:
    script = f"f() {{ echo f$A; }}\n{script}\necho end\n"
    ran = subprocess.run(
        ["bash", "-c", script], env={"A": a, "B": b, "C": "c"}, capture_output=True, text=True, check=False
    )
    assert not ran.stderr
    assert said(script, Facts({"A": a, "B": b, "C": "c"})) == [
        line.rstrip() for line in ran.stdout.splitlines()
    ]


@settings(max_examples=60, deadline=None)
@given(blocks, st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_where_little_is_known_it_is_all_that_bash_may_run(script: str, a: str, b: str) -> None:
    ran = subprocess.run(
        ["bash", "-c", f"f() {{ echo f; }}\n{script}\n"],
        env={"A": a, "B": b, "C": "c"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    may = [
        step.words[1] for step in flow(f"f() {{ echo f; }}\n{script}\n").reached if step.words[0] == "echo"
    ]
    for line in ran.stdout.splitlines():
        assert line.split()[0] in may


def test_what_the_facts_decide_is_told_apart() -> None:
    script = """
    one
    if [ "$A" = x ]; then two; elif [ -f y ]; then three; else four; fi
    if [ -f y ]; then five; fi
    for i in a b; do six; done
    """
    found = {s.words[0]: (s.certain, s.chosen) for s in flow(script, Facts({"A": "x"})).reached}
    assert found == {
        "one": (True, False), "two": (True, True), "five": (False, False), "six": (False, False),
    }  # fmt: skip
    other = {s.words[0]: (s.certain, s.chosen) for s in flow(script, Facts({"A": "y"})).reached}
    assert other["three"] == other["four"] == (False, True)


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        ('[ "$(uname)" = Darwin ]', True),
        ('[[ "$(uname -s)" == "Darwin" && "$(uname -m)" == arm64 ]]', True),
        ('[ "$OS" != "Darwin" ]', False),
        ('[ "$(uname)" = Linux ] && [ -d x ]', False),
        ("[ -d /opt/intel ]", False),
        ("[ -d /opt ]", True),
        ("grep -q x y", True),
    ],
)
def test_conditions_on_the_system(condition: str, reached: bool) -> None:
    facts = Facts({}, {"uname": "Darwin", "uname -s": "Darwin"}, {"/opt/intel": False})
    for script in (f"if {condition}; then here; fi", f"{condition} && here"):
        found = flow(f"OS=$(uname -s)\n{script}", facts).reached
        assert any(step.words == ("here",) for step in found) is reached


def test_a_function_alone() -> None:
    script = "a() { b; if [ $1 = x ]; then exit; fi; c; return 0; d; }\nb() { echo b; }\na"
    found = flow(script, function="a").reached
    assert [step.words[0] for step in found] == ["b", "exit", "c", "return"]


def test_words_with_unknown_parts() -> None:
    script = 'files=("$D/a-$A.txt" b)\nfiles+=("c$(date)")\n'
    found = [step.words for step in flow(script, Facts({"A": "x"})).reached]
    assert found[0] == ("files", f"{UNKNOWN}/a-x.txt", "b")
    assert found[-1] == ("files", f"c{UNKNOWN}")


@pytest.mark.parametrize(
    "script",
    [
        "if a; then " * 3000,
        "a && " * 3000 + "b",
        "f() { f; f; }\nf\n",
        "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }}\n" for n in range(60)) + "f0\n",
        "case $A in " + "*a" * 3000 + ") b ;; esac",
        "case $A in " + "*a" * 5 + "b) b ;; esac",
        "${" * 400,
        "A=xx\n" + "A=$A$A\n" * 60 + "B=$A",
        "[[ " + "(" * 900 + "a" + ")" * 900 + " ]] && b",
        'A="' + "${A:-" * 500 + "}" * 500 + '"',
    ],
)
def test_no_script_is_too_much(script: str) -> None:
    assert len(flow(script, Facts({"A": "a" * 3000})).reached) < 10_000


@pytest.mark.parametrize(
    "script",
    [
        "A=x\nfor i in 1 2; do if [ $A = y ]; then echo here; fi; A=y; done",
        "A=x\nread -r A <<< y\n[ $A = y ] && echo here",
        "A=x\nunset A\n[ -z $A ] && echo here",
        "A=x\nprintf -v A y\n[ $A = y ] && echo here",
        "A=\n: ${A:=y}\n[ $A = y ] && echo here",
        "f() { if [ $A = y ]; then echo here; fi; }\nA=x\nf\nA=y\nf",
        "f() { if [ $A = y ]; then echo here; fi; }\nA=y\nf\nA=x\nf",
        "f() { local A=y B; B=z; }\nA=x\nB=x\nf\n[ $A$B = xx ] && echo here",
        "[[ $OSTYPE == linux-gnu* ]] && echo here",
        "[[ aab == *a*b ]] && echo here",
    ],
)
def test_what_bash_runs_is_reached_and_not_dead(script: str) -> None:
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    found = flow(script, system("Linux"))
    place = script.index("echo here")
    assert ran.stdout == "here\n"
    assert "here" in said(script, system("Linux"))
    assert not any(start <= place < end for start, end in found.dead)


def test_an_expansion_without_a_name_is_of_no_value() -> None:
    assert [step.words for step in flow("a ${}").reached if step.words[0] == "a"] == [("a", UNKNOWN)]


@pytest.mark.parametrize(
    "script",
    [
        "echo a{b,c}d",
        "echo {x,y}{1,2}.so",
        'echo "a{b,c}"',
        "echo a{b}",
        "A=x; echo $A/{b,c}.so",
        "echo {a,,b}c",
        "echo {,a}b",
        'A=x; echo $A/{"b",c}',
        'A=x; echo {"$A/b","$A/c"}',
        'A=x; echo $A"{b,c}"',
        "echo a\\{b,c\\}",
    ],
)
def test_braces_stand_for_several_words(script: str) -> None:
    printed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said(script) == [printed.rstrip()]
