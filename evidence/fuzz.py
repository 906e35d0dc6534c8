"""Does any input escape? Feeds readers, checks, answers and commands with altered ones.

    python evidence/fuzz.py [--examples 1000] [--seed 1] [--target readers ...]

Each target gets its share of the examples. An input is a file of the miniature, an answer or a command line,
altered in a few places; what must hold for it is said in tests/fuzzing.py. Prints a table, as Markdown, and
each fault with the first input that has it, as a line of tests/corpus.jsonl.
"""

from __future__ import annotations

import argparse
import gc
import platform
import re
import shlex
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import fuzzing

SHARES = {"readers": 80, "expressions": 14, "check": 4, "answers": 1.5, "commands": 0.5}
"""Examples of each target, in a hundred."""
WHAT = """Files of the miniature LocalAI, answers and command lines, each altered in a few places: bytes,
words and lines are cut, repeated, nested and swapped, pieces of other files come in, line ends and encodings
change. A fault is any exception but the documented errors, any other exit code than 0 to 3, an output that
acts on a terminal or in a log of CI, a file that is written where none should be, or more than 20 s of
processor time (`tests/fuzzing.py`). What was a fault once is in `tests/corpus.jsonl`, and the tests feed it
again."""
BATCH = 500
"""Examples that hypothesis draws with one seed: it keeps what it has drawn."""


def main() -> None:
    """Feed every target that was chosen, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", choices=fuzzing.TARGETS)
    options = parser.parse_args()
    chosen = options.target or [*fuzzing.TARGETS]
    whole = sum(SHARES[name] for name in chosen)
    print(f"# Altered inputs\n\n{WHAT}\n\n    python {shlex.join(sys.argv)}\n")
    print(f"Python {platform.python_version()}; hypothesis draws {BATCH} inputs with each seed.\n")
    print("| target | inputs | seeds | faults | processor time |\n|---|---|---|---|---|")
    faults: dict[str, str] = {}
    for name in chosen:
        count = max(int(options.examples * SHARES[name] / whole), 1)
        start = time.process_time()
        fed, found = run(name, count, options.seed)
        seeds = f"{options.seed} to {options.seed + (count - 1) // BATCH}"
        print(
            f"| {name} | {fed} | {seeds} | {len(found)} | {time.process_time() - start:.0f} s |", flush=True
        )
        faults |= found
    for where, line in faults.items():
        print(f"\n{where}\n\n    {line}")
    sys.exit(bool(faults))


def run(name: str, count: int, first: int) -> tuple[int, dict[str, str]]:
    """Feed a target: how many inputs it got, and each fault with the first input that has it."""
    target = fuzzing.TARGETS[name]
    faults: dict[str, str] = {}
    fed: Counter[str] = Counter()

    with tempfile.TemporaryDirectory() as folder, fuzzing.one_process():
        checkout = fuzzing.Checkout(Path(folder))

        def feed(value: object) -> None:
            fed[name] += 1
            try:
                with fuzzing.limited():
                    target.feed(value, checkout)
            except Exception as error:
                where = place(error)
                if where not in faults:
                    faults[where] = fuzzing.line_of(name, value)
                    print(f"{where}\n    {faults[where][:300]}", file=sys.stderr, flush=True)

        for number in range(0, count, BATCH):
            examples = min(BATCH, count - number)
            settled = settings(
                max_examples=examples,
                phases=[Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=[*HealthCheck],
            )
            seed(first + number // BATCH)(settled(given(target.inputs)(feed)))()
            gc.collect()
    return fed[name], faults


def place(error: BaseException) -> str:
    """What went wrong and where, the same for every input of one fault."""
    if isinstance(error, fuzzing.ConfessedError):
        frames = re.findall(r'File ".*?(scaffold/[\w/.]+)", line (\d+)', str(error))
        last = str(error).rstrip().splitlines()[-1]
        return f"{last[:200]} at {':'.join(frames[-1]) if frames else '?'}"
    frames = [
        f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
    ]
    return f"{type(error).__name__}: {str(error)[:200]} at {' '.join(frames[-2:])}"


if __name__ == "__main__":
    main()
