"""What the commands cost on a checkout of LocalAI, beside `import copier`, yamllint, zizmor and actionlint.

    LOCALAI_REPO=/path/to/LocalAI make bench

Without LOCALAI_REPO it measures the miniature, and without actionlint on the PATH it leaves that out. Prints
the README's table: the processor time of a command that has one processor, and the time that passes where it
may use all of them. Every command is run once in each round, so that all of them meet the same load; the
figures are the medians of the rounds. Below stand the ratios for which there are aims: they say more than
the figures where the machine is busy.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scaffold.resources import miniature_dir

ROUNDS = 15
VARIANTS = ("cpu", "cuda12", "cuda13", "rocm", "vulkan", "metal")
BASE = "HEAD~5"
SCAFFOLD = [sys.executable, "-m", "scaffold"]
UNCAGED = [sys.executable, "-c", "import os; from scaffold import __main__ as m; os._exit(m._command())"]
CHECK = "`scaffold check`"
CHECK_UNCAGED = "the same without its cage"
CHECK_BASE = f"`scaffold check --base {BASE}`"
YAMLLINT = "`yamllint` of the matrix and the gallery alone"
AIMS = (
    ("A check, yamllint", CHECK, YAMLLINT, "0.25"),
    ("`--base`, a check", CHECK_BASE, CHECK, "1.3"),
    ("A check, one without the cage", CHECK, CHECK_UNCAGED, "1.05"),
)
"""What is compared with what, and the most that it should be."""
HAS_AFFINITY = hasattr(os, "sched_setaffinity")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What is installed has been compiled."""


def commands(repository: Path) -> dict[str, list[str]]:
    """What is measured, by its name in the table."""
    options = [option for variant in VARIANTS for option in ("--variant", variant)]
    check = ["check", "--repo", str(repository)]
    new = [*SCAFFOLD, "new-backend", "benchmark-x", "--lang", "cpp", "--dry-run", "--no-input", "--upstream",
           "acme/benchmark", "--pin", "0" * 40, "--repo", str(repository), *options]  # fmt: skip
    found = {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "`import copier`": [sys.executable, "-c", "import copier"],
        "`scaffold --help`": [*SCAFFOLD, "--help"],
        f"`scaffold new-backend`, C++, {len(VARIANTS)} variants": new,
        CHECK: [*SCAFFOLD, *check],
        CHECK_UNCAGED: [*UNCAGED, *check],
        CHECK_BASE: [*SCAFFOLD, *check, "--base", BASE],
        "`scaffold check --select pipeline`": [*SCAFFOLD, *check, "--select", "pipeline"],
    }
    if not (repository / ".git").exists():
        del found[CHECK_BASE]
    files = [str(repository / path) for path in (".github/backend-matrix.yml", "backend/index.yaml")]
    found[YAMLLINT] = [sys.executable, "-m", "yamllint", *files]
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    for name, arguments in {
        "zizmor": ["--offline", "--no-exit-codes", ".github"],
        "actionlint": ["-shellcheck=", "-pyflakes="],
    }.items():
        program = shutil.which(name, path=beside)
        if program:
            found[f"`{' '.join((name, *arguments))}`"] = [program, *arguments]
    return found


def measured(command: list[str], where: Path, processors: set[int]) -> tuple[float, float]:
    """Processor time and wall-clock time of one run, in seconds."""
    if HAS_AFFINITY:
        os.sched_setaffinity(0, processors)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    nowhere = subprocess.DEVNULL
    subprocess.run(command, check=False, cwd=where, env=ENVIRONMENT, stdout=nowhere, stderr=nowhere)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Measure and print."""
    repository = Path(os.environ.get("LOCALAI_REPO") or miniature_dir()).resolve()
    everywhere = os.sched_getaffinity(0) if HAS_AFFINITY else set(range(os.cpu_count() or 1))
    one = {min(everywhere)}
    asked = commands(repository)
    cpu: dict[str, list[float]] = {name: [] for name in asked}
    wall: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, command in asked.items():
            cpu[name].append(measured(command, repository, one)[0])
            wall[name].append(measured(command, repository, everywhere)[1])
    print(
        f"| what | CPU seconds, one processor | wall seconds, {len(everywhere)} processors |\n|---|---|---|"
    )
    for name in asked:
        print(f"| {name} | {statistics.median(cpu[name]):.2f} | {statistics.median(wall[name]):.2f} |")
    print()
    for words, one, other, aim in AIMS:
        if one in cpu:
            ratio = statistics.median(cpu[one]) / statistics.median(cpu[other])
            print(f"{words}: {ratio:.2f} times the CPU time; the aim is {aim} at most.")


main()
