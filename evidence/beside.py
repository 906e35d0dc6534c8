"""What actionlint and zizmor say of what the pipeline rules tell, and what the three cost.

    LOCALAI_REPO=~/LocalAI python evidence/beside.py [ROUNDS]

Both programs must be on the PATH or beside the interpreter. The first table is of the small workflows of
tests/rules/pipeline/public: for each rule its reports, and what the other two say of the same place. The
other is of LocalAI's head: findings, those of the others at a place that the pack reports, and the median
processor time of the rounds, in which the programs take turns. Read-only.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.rules.pipeline.public.test_public import PUBLIC
from tests.rules.pipeline.trees import tree

ROUNDS = 5
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


class Said(NamedTuple):
    """One report."""

    kind: str
    path: str
    first: int
    last: int


def scaffold(root: Path) -> list[Said]:
    """What the default pack and its notes say."""
    chosen = ("--select", "pipeline", "--select", "pipeline-notes")
    command = [sys.executable, "-m", "scaffold", "check", *chosen, "--format", "json", "--repo", str(root)]
    found = json.loads(output(command, root))["findings"]
    return [Said(f["rule"], f["path"], f["line"], f["end_line"]) for f in found]


def actionlint(root: Path) -> list[Said]:
    """What actionlint says, without the checkers of scripts that it can call."""
    files = [str(path.relative_to(root)) for path in sorted(root.glob(".github/workflows/*.y*ml"))]
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *files]
    found = json.loads(output(command, root) or "[]") or []
    return [Said(f["kind"], f["filepath"], f["line"], f["line"]) for f in found]


def zizmor(root: Path) -> list[Said]:
    """What zizmor says to its most curious readers, without asking GitHub."""
    found = json.loads(
        output(
            ["zizmor", "--offline", "--persona=auditor", "--no-exit-codes", "--format", "json", ".github"],
            root,
        )
    )
    said = []
    for finding in found:
        for at in finding["locations"]:
            location = at["concrete"]["location"]
            path = at["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./")
            first, last = (location[end]["row"] + 1 for end in ("start_point", "end_point"))
            if at["symbolic"]["kind"] == "Primary":
                said.append(Said(finding["ident"], path, first, last))
    return said


def output(command: list[str], root: Path) -> str:
    """What a program prints, run in a folder."""
    program = shutil.which(command[0], path=PATH)
    if program is None:
        sys.exit(f"{command[0]} is not on the PATH")
    code = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": code}
    done = subprocess.run(
        [program, *command[1:]], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def meets(one: Said, other: Said) -> bool:
    """Whether two reports are of one place: the other one names a few lines, and one of them is the same."""
    short = other.last - other.first < 5  # noqa: PLR2004 - a whole job is no place
    return one.path == other.path and short and other.first <= one.last and one.first <= other.last


def of_cases() -> None:
    """Print, for each rule, what the others say of the lines that it reports in the small workflows."""
    told: Counter[str] = Counter()
    beside: dict[str, Counter[str]] = {}
    for _, files in PUBLIC.values():
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / ".git").mkdir()
            written = tree(files)
            for path in written.files(""):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(written.read(path) or b"")
            others = [
                (f"{of.__name__} {said.kind}", said) for of in (actionlint, zizmor) for said in of(root)
            ]
            for mine in scaffold(root):
                told[mine.kind] += 1
                same = {title for title, said in others if meets(mine, said)}
                beside.setdefault(mine.kind, Counter()).update(same)
    print("| rule | reports | at the same place |\n|---|---|---|")
    for rule in sorted(told):
        print(
            f"| {rule} | {told[rule]} | {', '.join(f'{k} ({n})' for k, n in sorted(beside[rule].items()))} |"
        )


def of_head(root: Path, rounds: int) -> None:
    """Print what the three find in a checkout, and what they cost."""
    spent: dict[str, list[float]] = {}
    found: dict[str, list[Said]] = {}
    for _ in range(rounds):
        for of in (scaffold, actionlint, zizmor):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            found[of.__name__] = of(root)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            time = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            spent.setdefault(of.__name__, []).append(time)
    print("\n| | findings | kinds | where the pack reports too | processor time, ms |\n|---|---|---|---|---|")
    for name, said in found.items():
        shared = sum(any(meets(mine, other) for mine in found["scaffold"]) for other in said)
        kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(s.kind for s in said).most_common())
        own = name == "scaffold"
        milliseconds = 1000 * statistics.median(spent[name])
        print(f"| {name} | {len(said)} | {kinds} | {'' if own else shared} | {milliseconds:.0f} |")


def main() -> None:
    """Print both tables."""
    of_cases()
    if "LOCALAI_REPO" in os.environ:
        of_head(Path(os.environ["LOCALAI_REPO"]), int(sys.argv[1]) if sys.argv[1:] else ROUNDS)


if __name__ == "__main__":
    main()
