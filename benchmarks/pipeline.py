"""How long the pipeline pack takes, with zizmor and actionlint beside it where they are installed.

    LOCALAI_REPO=/path/to/LocalAI python benchmarks/pipeline.py

Each tool looks at the same tree, one after the other in each round, so that all of them meet the same
load. Prints the median of the rounds: wall-clock seconds and CPU seconds of whole processes.
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

ROUNDS = 5


def main() -> None:
    """Measure and print."""
    repository = Path(os.environ.get("LOCALAI_REPO") or miniature_dir())
    commands = {
        "`scaffold check --select pipeline`": [
            sys.executable,
            "-m",
            "scaffold",
            "check",
            "--select",
            "pipeline",
        ],
    }
    if shutil.which("zizmor"):
        commands["`zizmor --offline`"] = ["zizmor", "--offline", "--no-exit-codes", ".github"]
    if shutil.which("actionlint"):
        commands["`actionlint` without shellcheck"] = ["actionlint", "-shellcheck=", "-pyflakes="]
        if shutil.which("shellcheck"):
            commands["`actionlint` with shellcheck"] = ["actionlint", "-pyflakes="]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(measured(command, repository))
    print("| what | seconds | CPU seconds |\n|---|---|---|")
    for name, runs in times.items():
        wall, cpu = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")


def measured(command: list[str], where: Path) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=False, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


main()
