"""All rules about a backend's own files: what is clean, and other people's bytes."""

from __future__ import annotations

import pytest

from scaffold.backend.variants import supported
from scaffold.checkout.changes import ChangeSet
from scaffold.operations import new
from tests.conftest import PIN
from tests.operations.test_new import KINDS, answers
from tests.rules.files.test_services import SERVERS
from tests.rules.files.trees import (
    FINCH,
    HERON,
    KESTREL,
    LARK,
    LINUX_PACKAGE,
    LINUX_RUN,
    WREN,
    findings,
    tree,
)
from tests.rules.trees import BASE
from tests.test_growth import ended


def test_the_miniature_is_clean() -> None:
    assert findings(BASE) == []


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_what_new_backend_writes_is_clean(lang: str, kind: str) -> None:
    # Without an engine of its own a backend has nothing to build for a GPU.
    names = ("cpu",) if lang == "rust" else ("cpu", "metal") if kind == "pure" else supported(lang)
    variants = tuple(v for v in names if not (kind == "llama-fork" and v == "metal"))
    plan = new.plan(BASE, answers(lang, kind, variants=variants))
    assert findings(plan.changes.overlay()) == []


RUN_SH = "#!/bin/bash\nexec $(dirname $0)/start $@\n"
BROKEN = {
    "files-unmade": {f"{LARK}/run.sh": b'exec "$(dirname "$0")/larch" "$@"\n'},
    "files-missing": {f"{FINCH}/backend.py": None},
    "source-unreadable": {f"{LARK}/run.sh": b'if true; then\nexec "$(dirname "$0")/lark" "$@"\n'},
    "matrix-no-requirements": {f"{FINCH}/requirements-intel.txt": None},
    "requirement-unpinned": {f"{FINCH}/requirements.txt": b"git+https://github.com/a/b\n"},
    "requirement-unreadable": {f"{FINCH}/requirements.txt": b"torch=2.1\n"},
    "script-unfinished": {f"{FINCH}/run.sh": b"source common/libbackend.sh\n"},
    "requirements-empty": {f"{FINCH}/requirements-after.txt": b""},
    "requirement-conflict": {f"{FINCH}/requirements-cpu.txt": b"acme==1\nacme==2\n"},
    "requirement-address-unknown": {
        f"{FINCH}/requirements-cublas13.txt": b"--index-url https://download.pytorch.org/whl/cu13\ntorch\n"
    },
    "requirement-missing": {f"{FINCH}/backend.py": b"import finch_tts\n"},
    "requirement-pin-lost": {
        f"{FINCH}/requirements-{name}.txt": f"torch\nacme{version}\n".encode()
        for name, version in (("cpu", "==1"), ("mps", "==1"), ("intel", ""))
    },
    "requirement-index-missing": {f"{FINCH}/requirements-cublas12.txt": b"torch\n"},
    "requirement-index-foreign": {
        f"{FINCH}/requirements-intel.txt": b"--index-url https://example.org/whl/cu130\ntorch==2.1.0\n"
    },
    "requirement-toolkit-moves": {
        f"{FINCH}/requirements-intel.txt": b"--index-url https://download.pytorch.org/whl/xpu\ntorch\n"
    },
    "stubs-early": {f"{FINCH}/install.sh": b"installRequirements\nuv pip install finch\n"},
    "generator-unpinned": {f"{FINCH}/install.sh": b"installRequirements\nuv pip install grpcio-tools\n"},
    "makefile-test-target": {f"{FINCH}/Makefile": b"install:\n"},
    "build-target-missing": {f"{LARK}/Makefile": b"test:\n\ttrue\n"},
    "darwin-run-script": {f"{LARK}/run.sh": LINUX_RUN.encode()},
    "darwin-sed": {f"{LARK}/run.sh": b"sed -i 's/a/b/' conf\n"},
    "darwin-option": {f"{LARK}/package.sh": b"mkdir -p package\ncp -arf lark package\n"},
    "darwin-packaging": {f"{LARK}/package.sh": LINUX_PACKAGE.encode()},
    "packaged-partly": {f"{LARK}/package.sh": b"cp libnvrtc.so* package/lib\n"},
    "build-type-unhandled": {f"{WREN}/Makefile": b"BUILD_TYPE?=\nifeq ($(BUILD_TYPE),cublas)\nendif\n"},
    "build-flag-obsolete": {f"{WREN}/Makefile": b"BUILD_TYPE?=\nCMAKE_ARGS+=-DGGML_HIPBLAS=ON\n"},
    "patch-unchecked": {f"{WREN}/prepare.sh": b"patch -p1 < wren.patch\n"},
    "load-takes-anything": {
        f"{LARK}/load.go": b"func (l *Lark) Load(o *pb.ModelOptions) error {\n\treturn nil\n}\n"
    },
    "cuda-architectures": {f"{WREN}/Makefile": b"BUILD_TYPE?=\nCUDA_ARCHITECTURES=121a\n"},
    "message-refused": {f"{FINCH}/backend.py": b"x = backend_pb2.Result(sucess=True)\n"},
    "python-call-fails": {
        f"{FINCH}/backend.py": b"class S:\n    def a(self):\n        self.a = True\n        self.a()\n"
    },
    "comparison-constant": {f"{FINCH}/test.sh": b'if [ "${A}}" = "b" ]; then true; fi\n'},
    "make-value-splits": {f"{WREN}/Makefile": b"BUILD_TYPE?=\nA=b;c\nall:\n\techo $(A)\n"},
    "requirement-left-out": {f"{FINCH}/requirements-cpu.txt": b"torch\ncoqui-tts\n"},
    "requirement-wheel-tied": {
        f"{FINCH}/requirements-cpu.txt": b"vllm\nhttps://example.org/a-1+cu12torch2.7-cp310-cp310-linux_x86_64.whl\n"
    },
    "request-field-unknown": {
        f"{FINCH}/backend.py": b"class S:\n    def TTS(self, request, context):\n        return request.GetText()\n"
    },
    "rust-stub-missing": {f"{KESTREL}/build.rs": b"// no stubs\n"},
    "bump-pin-elsewhere": {f"{FINCH}/install.sh": b"git clone -b v1.2.3 https://github.com/a/b\n"},
    "script-misspelt": {f"{LARK}/run.sh": b'CURDIR=.\nexec "$CUDIR/lark"\n'},
    "python-run-quoting": {f"{FINCH}/run.sh": RUN_SH.encode()},
    "native-run-quoting": {f"{LARK}/run.sh": RUN_SH.encode()},
    "signal-shutdown": {f"{HERON}/grpc-server.cpp": SERVERS["function"].encode()},
}
"""Rule -> files of a backend that break it; the test of its module goes into the details."""


@pytest.mark.parametrize("slug", BROKEN)
def test_a_file_of_a_backend_that_is_wrong(slug: str) -> None:
    path = next(iter(BROKEN[slug]))
    assert {f.backend for f in findings(tree(BROKEN[slug]), slug)} == {path.split("/")[2]}


FILES = ("run.sh", "install.sh", "package.sh", "Makefile", "CMakeLists.txt", "grpc-server.cpp", "build.rs")
HOSTILE = {
    "garbage": bytes(range(256)) * 8,
    "latin-1": "exec $CURDIR/caf\xe9 $@ -DGGML_HIPBLAS=ON git checkout ".encode("latin-1") + PIN.encode(),
    "nested": b"$(" * 3_000,
    "braces": b"${" * 3_000,
    "quotes": b"\"'`" * 10_000,
    "spaces": b"signal(a," + b" " * 30_000,
    "words": b"make git impl include if case " * 2_000,
    "calls": b"signal(SIGTERM, f) Shutdown " + b"f(" * 3_000,
    "comments": b"/*" + b"*/*" * 10_000,
    "variables": b"requirements-" + b"$ab" * 10_000,
    "urls": b"git https://" * 3_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_read_in_time(what: str) -> None:
    data = HOSTILE[what]
    folders = (FINCH, LARK, HERON, KESTREL)
    change: dict[str, bytes | None] = {f"{folder}/{name}": data for folder in folders for name in FILES}
    change[f"{KESTREL}/src/service.rs"] = b"impl Backend for X {" + data
    change["backend/python/common/libbackend.sh"] = b"installRequirements() {\n" + data
    change["scripts/build/heron-darwin.sh"] = data
    where = tree(change)

    def read() -> None:
        for finding in findings(where):
            if finding.fix is not None:
                changes = ChangeSet(where)
                finding.fix(changes)
                assert changes.diff()

    assert not ended(read, 20)


def test_an_empty_checkout_has_nothing_to_say() -> None:
    nothing: dict[str, bytes | None] = {
        path: None for path in BASE.files("backend") if path != "backend/index.yaml"
    }
    assert findings(tree(nothing)) == []
