"""What `published` costs for 1,000 images of two platforms, against a real registry on this machine.

    python -m benchmarks.published

Their mirrors are in a second one. Prints the seconds that pass, the processor time, the memory of the largest
process, and the most connections that were open at once. It needs docker-registry.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scaffold.checkout.tree import WorkTree
from scaffold.operations.published import Wanted, wanted
from scaffold.resources import miniature_dir
from tests.registries import Registry, listed, registry

IMAGES = 1000
PUSHERS = 8
ESTABLISHED = "01"


def checkout(folder: Path) -> Path:
    """The miniature, with as many more images as it takes."""
    root = Path(shutil.copytree(miniature_dir(), folder))
    matrix, gallery = root / ".github/backend-matrix.yml", root / "backend/index.yaml"
    lines = matrix.read_text().splitlines(keepends=True)
    head = next(number for number, line in enumerate(lines) if line.startswith("include:")) + 1
    more = (IMAGES - len(wanted(WorkTree(root)))) // 2
    for number in range(more):
        tag = f"-cpu-lark-{number}"
        entry = (
            f"  - build-type: ''\n    platforms: 'linux/amd64,linux/arm64'\n    tag-suffix: '{tag}'\n"
            '    backend: "lark"\n    dockerfile: "./backend/Dockerfile.golang"\n    context: "./"\n'
        )
        lines.insert(head, entry)
        with gallery.open("a") as file:
            for channel, ending in (("latest", ""), ("master", "-development")):
                file.write(
                    f'- !!merge <<: *lark\n  name: "cpu-lark-{number}{ending}"\n'
                    f'  uri: "quay.io/go-skynet/local-ai-backends:{channel}{tag}"\n'
                    f"  mirrors:\n    - localai/localai-backends:{channel}{tag}\n"
                )
    matrix.write_text("".join(lines))
    return root


def connections(ports: set[int]) -> int:
    """How many connections to some ports are open."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == ESTABLISHED and int(row[2].rpartition(":")[2], 16) in ports for row in rows)


def push(there: Registry, images: list[Wanted], copy: int) -> None:
    """Push some images, or their mirrors, by a connection of their own."""
    mine = Registry(there.port, there.folder, {})
    for image in images:
        place = (image.uri.partition("/")[2], *image.mirrors)[copy]
        mine.push(place, listed(*(image.platforms or ["linux/amd64"]), words=image.tag))
    mine.hang_up()


def measure(root: Path, quay: Registry, hub: Registry) -> None:
    """Run the command and print a line."""
    places = [f"--registry=quay.io={quay.url}", f"--registry=docker.io={hub.url}"]
    command = [sys.executable, "-m", "scaffold", "published", "--repo", str(root), *places]
    most = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.02):
            most = max(most, connections({quay.port, hub.port}))

    watcher = threading.Thread(target=watch)
    watcher.start()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended.set()
    watcher.join()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = (
        f"{seconds:.1f} s, {cpu:.1f} s of processor time, {after.ru_maxrss >> 10} MB, {most} connections"
    )
    print(f"{figures}: {(done.stdout or done.stderr).strip().splitlines()[-1]}")


def main() -> None:
    """Push, measure and print."""
    os.environ["DOCKER_CONFIG"] = os.devnull
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = checkout(folder / "LocalAI")
        with registry(folder / "quay") as quay, registry(folder / "hub") as hub:
            images = wanted(WorkTree(root))
            for there, part in ((quay, 0), (hub, 1)):
                with ThreadPoolExecutor(PUSHERS) as pushers:
                    parts = [images[number::PUSHERS] for number in range(PUSHERS)]
                    for done in [pushers.submit(push, there, images, part) for images in parts]:
                        done.result()
            measure(root, quay, hub)


if __name__ == "__main__":
    main()
