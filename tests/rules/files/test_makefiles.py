"""Makefiles of backends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, HERON, LARK, findings, only, replaced, tree


def test_a_test_target_that_make_invents() -> None:
    where = tree(replaced(f"{FINCH}/Makefile", (".PHONY: test\ntest: install\n\tbash test.sh\n", "")))
    found = only(where, "makefile-test-target", "finch-tts", "Makefile", f"-C {FINCH} test")
    assert found.severity is Severity.error
    assert "succeeds" in found.message


def test_make_really_invents_it(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("install:\n\ttrue\n")
    (tmp_path / "test.sh").write_text("exit 1\n")
    assert subprocess.run(["make", "test"], cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_what_the_help_says_makes_the_tests_run(tmp_path: Path) -> None:
    makefile = replaced(f"{FINCH}/Makefile", (".PHONY: test\ntest: install\n\tbash test.sh\n", ""))
    found = only(tree(makefile), "makefile-test-target", "finch-tts", "Makefile", f"-C {FINCH} test")
    phony, rule, recipe = re.findall(r"`([^`]+)`", found.help)
    text = (makefile[f"{FINCH}/Makefile"] or b"").decode() + f"\n{phony}\n{rule}\n\t{recipe}\n"
    (tmp_path / "Makefile").write_text(text)
    (tmp_path / "install.sh").write_text("echo installed\n")
    (tmp_path / "test.sh").write_text("echo tested\n")
    for _ in range(2):
        made = subprocess.run(
            ["make", "-s", "test"], cwd=tmp_path, capture_output=True, check=True, text=True
        )
        assert made.stdout.split() == ["installed", "tested"]


def test_a_test_script_that_finds_no_test_needs_one() -> None:
    makefile = replaced(f"{FINCH}/Makefile", (".PHONY: test\ntest: install\n\tbash test.sh\n", ""))
    at = ("makefile-test-target", "finch-tts", "Makefile", f"-C {FINCH} test")
    assert "test.py" not in only(tree(makefile), *at).help
    assert f"write {FINCH}/test.py" in only(tree(makefile, {f"{FINCH}/test.py": None}), *at).help


def test_a_test_target_that_is_not_there_at_all() -> None:
    where = tree(replaced(f"{LARK}/Makefile", ("test:\n\t$(GOCMD) test -count=1 ./...\n", "")))
    found = only(where, "makefile-test-target", "lark", "Makefile", f"-C {LARK} test")
    assert "fails" in found.message
    assert "`go test ./...`" in found.help


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f"-C {FINCH} test\n", f"-C {FINCH} tst\n", "no rule for tst"),
        (f"-C {FINCH} test\n", f"-C {FINCH} tst || true\n", ""),
        (f"-C {FINCH} test\n", f"-C {FINCH} $(GOAL)\n", ""),
        (f"-C {FINCH} test\n", "-C backend/pyton/finch-tts test\n", "no such folder"),
        (f"-C {FINCH} test\n", "-C backend/$(LANG)/finch-tts test\n", ""),
    ],
)
def test_another_goal_or_folder(old: str, new: str, says: str) -> None:
    where = tree(replaced("Makefile", (old, new)))
    found = findings(where, "makefile-test-target")
    assert [says in f.message for f in found] == [True] * bool(says)
    included = replaced(f"{FINCH}/Makefile", ("test: install", "-include $(X)\ntest: install"))
    found = findings(tree(replaced("Makefile", (old, new)), included), "makefile-test-target")
    assert bool(found) is (says == "no such folder")


def test_a_workflow_that_runs_the_tests() -> None:
    makefile = replaced("Makefile", (f"\t$(MAKE) -C {FINCH} test\n", ""))
    broken = replaced(f"{FINCH}/Makefile", ("test: install\n\tbash test.sh\n", ""))
    jobs = ".github/workflows/test-extra.yml"
    call = f"--output-sync=target -C {FINCH}"
    only(tree(makefile, broken), "makefile-test-target", "finch-tts", jobs, f"{call} test")
    assigned = replaced(jobs, (f"{call} test", f"{call} X=1 test"))
    only(tree(makefile, broken, assigned), "makefile-test-target", "finch-tts", jobs, f"{call} X=1 test")
    for quiet in (f"{call} install && make test", f"{call} install  # test"):
        assert findings(tree(makefile, broken, replaced(jobs, (f"{call} test", quiet)))) == []
    commented = replaced(jobs, (f"make --jobs=5 {call} test", f"# make --jobs=5 {call} test"))
    assert findings(tree(makefile, broken, commented)) == []


@pytest.mark.parametrize(
    "rule", ["all test: install\n", "test::\n\ttrue\n", "include test.mk\n", "%: %.py\n", "-include $(X)\n"]
)
def test_other_ways_to_have_a_test_target(rule: str) -> None:
    included: dict[str, bytes | None] = {f"{FINCH}/test.mk": b"test:\n\tbash test.sh\n"}
    where = tree(included, replaced(f"{FINCH}/Makefile", ("test: install\n\tbash test.sh\n", rule)))
    assert findings(where) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("build: package", "build: pacakge", "build needs pacakge"),
        ("package: lark\n\tbash package.sh\n", "", "build needs package"),
        ("build: package", "build: package | lrak", "build needs lrak"),
        ("build: package", "build: package lark.pb", None),
        ("build: package", "build: package $(EXTRA)", None),
        ("build: package", "build: package beak\nbeaks:\n\ttouch beak", None),
        ("build: package", "build: package main.go", None),
        ("build: package", "build: NAME = value", None),
        ("build: package", "include more.mk\nbuild: package beak", None),
    ],
)
def test_what_a_rule_needs(old: str, new: str, found: str | None) -> None:
    more: dict[str, bytes | None] = {f"{LARK}/more.mk": b"beak:\n\ttrue\n"}
    told = findings(tree(replaced(f"{LARK}/Makefile", (old, new)), more), "build-target-missing")
    assert [f.subject for f in told] == ([found] if found else [])


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (".PHONY: install\ninstall:\n\tbash install.sh\n", "", True),
        ("install:\n\tbash install.sh\n", "install:\n\techo done\n", True),
        (".PHONY: install\n", ".PHONY: all\nall: install\n", False),
        ("install:\n\tbash install.sh\n", "install: venv\nvenv:\n\tbash install.sh\n", False),
        (".PHONY: install\n", ".DEFAULT_GOAL := install\nfetch:\n\tcurl x\n", False),
        (".PHONY: install\n", ".DEFAULT_GOAL = $(GOAL)\nGOAL = install\nfetch:\n\tcurl x\n", False),
        (".PHONY: install\n", ".DEFAULT_GOAL := run-it\nrun-it:\n\tcurl x\n", True),
        (".PHONY: install\n", "fetch:\n\tcurl x\n", True),
        (".PHONY: install\n", "fetch:\n\t$(MAKE) install\n", False),
        (".PHONY: install\n", ".venv:\n\tpython -m venv .venv\n", False),
        (".PHONY: install\n", "$(VENV):\n\tcurl x\n", True),
        ("install:\n\tbash install.sh\n", "install:\n\techo done\ninclude ../python.mk\n", False),
        ("install:\n\tbash install.sh\n", "install:\n\techo done\n# include ../python.mk\n", True),
        ("install:\n\tbash install.sh\n", "A := ./install.sh\nB = $A ${A}\ninstall:\n\tbash $(B)\n", False),
        ("install:\n\tbash install.sh\n", "A := ./install.sh\ninstall:\n\tbash $(B)\n", True),
        ("install:\n\tbash install.sh\n", "install: ; bash install.sh\n", False),
        ("install:\n\tbash install.sh\n", "install: venv; true\nvenv: ; bash install.sh\n", False),
        ("install:\n\tbash install.sh\n", "install: ; echo done\n", True),
    ],
)
def test_the_first_rule_installs(old: str, new: str, found: bool) -> None:
    told = findings(tree(replaced(f"{FINCH}/Makefile", (old, new))), "build-target-missing")
    assert ["first rule"] * found == [f.subject for f in told if f.subject == "first rule"]


@pytest.mark.parametrize(("goal", "found"), [("package", True), ("grpc-server", True), ("test", False)])
def test_what_a_dockerfile_of_its_own_calls(goal: str, found: bool) -> None:
    lines = (tree().read(f"{HERON}/Makefile") or b"").decode().split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{goal}:"))
    lines[at] = lines[at].replace(goal, f"{goal}-2", 1)
    told = findings(tree({f"{HERON}/Makefile": "\n".join(lines).encode()}), "build-target-missing")
    assert any(f.subject == f"target {goal}" and f.backend == "heron" for f in told) is found


LIST = "PARTS = liblark-a.so \\\n\tliblark-bee.so\n"
RULES = "liblark-a.so liblark-bee.so:\n\ttouch $@\n"


@pytest.mark.parametrize(
    ("lines", "needs", "named"),
    [
        (LIST.replace("bee", "be") + RULES, "$(PARTS)", "liblark-be.so"),
        (LIST + RULES, "$(PARTS)", ""),
        (LIST.replace("bee", "be") + "liblark-%.so:\n\ttouch $@\n", "$(PARTS)", ""),
        (LIST.replace("bee", "be") + "liblark-be.so:\n\ttouch $@\n", "$(PARTS)", ""),
        ("PARTS = $(wildcard x liblark-be.so y)\n" + RULES, "$(PARTS)", ""),
        (RULES, "liblark-tail.so", ""),
        (RULES, "liblark-be.so", "liblark-be.so"),
        ("lib/x.so.2:\n\tmv x.so.3 lib/x.so.1\n", "lib/x.so.1", "lib/x.so.1"),
        ("lib/x.so.1:\n\tmv x.so.3 lib/x.so.1\n", "lib/x.so.1", ""),
        ("lib/x.so.2:\n\tmv x.so.3 lib/x.so.1\n", "lib/x.so.2 lib/x.so.1", ""),
        ("lib/y.so:\n\tmv x.so.3 lib/x.so.1\n", "lib/x.so.1", ""),
        (RULES, "sources/lark.cpp/lark.h", ""),
    ],
)
def test_a_file_that_is_made_under_another_name(lines: str, needs: str, named: str) -> None:
    rule = "lark: $(LIBRARY) $(wildcard *.go)"
    where = tree(replaced(f"{LARK}/Makefile", (rule, f"{lines}\n{rule} {needs}")))
    told = [f.subject for f in findings(where, "build-target-missing")]
    assert told == ([f"lark needs {named}"] if named else [])
