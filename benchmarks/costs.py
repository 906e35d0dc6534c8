"""What the commands cost on a checkout of LocalAI, beside `import copier` and yamllint.

    LOCALAI_REPO=/path/to/LocalAI make bench

Without LOCALAI_REPO it measures the miniature. Prints the README's table; times are wall-clock
seconds of whole processes, the median of the runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scaffold.resources import miniature_dir

RUNS = 7
VARIANTS = ("cpu", "cuda12", "cuda13", "rocm", "vulkan", "metal")


def seconds(*command: str) -> float:
    """Median wall-clock time of a command."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    repository = Path(os.environ.get("LOCALAI_REPO") or miniature_dir())
    options = [option for variant in VARIANTS for option in ("--variant", variant)]
    bare = seconds(sys.executable, "-c", "pass")
    copier = seconds(sys.executable, "-c", "import copier")
    help_text = seconds(sys.executable, "-m", "scaffold", "--help")
    new = seconds(
        sys.executable, "-m", "scaffold", "new-backend", "benchmark-x", "--lang", "cpp", "--dry-run", "--no-input",
        "--upstream", "acme/benchmark", "--pin", "0" * 40, "--repo", str(repository), *options,
    )  # fmt: skip
    tree = ("--repo", str(repository))
    check = seconds(sys.executable, "-m", "scaffold", "check", *tree)
    pipeline = seconds(sys.executable, "-m", "scaffold", "check", "--select", "pipeline", *tree)
    files = [str(repository / path) for path in (".github/backend-matrix.yml", "backend/index.yaml")]
    yamllint = seconds(sys.executable, "-m", "yamllint", *files)
    print("| what | seconds |\n|---|---|")
    print(f"| `python -c pass` | {bare:.2f} |")
    print(f"| `import copier` | {copier:.2f} |")
    print(f"| `scaffold --help` | {help_text:.2f} |")
    print(f"| `scaffold new-backend`, C++, {len(VARIANTS)} variants | {new:.2f} |")
    print(f"| of which beyond `import copier` | {new - copier:.2f} |")
    print(f"| `scaffold check` | {check:.2f} |")
    print(f"| `scaffold check --select pipeline` | {pipeline:.2f} |")
    print(f"| `yamllint` of the matrix and the gallery alone | {yamllint:.2f} |")


main()
