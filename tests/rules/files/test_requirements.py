"""Requirements of Python backends."""

from __future__ import annotations

import pytest

from scaffold.registry import Registry
from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, read, replaced, tree
from tests.rules.trees import MATRIX, MINIATURE, entry

TEST_EXTRA = ".github/workflows/test-extra.yml"


def test_a_python_build_without_requirements_of_its_own() -> None:
    where = tree({f"{FINCH}/requirements-intel.txt": None})
    entry = next(
        e for e in Registry(where).matrix.entries_of("finch-tts") if e.fields["build-type"] == "intel"
    )
    found = findings(where)
    assert [(f.rule, f.backend, f.path, f.line, f.subject) for f in found] == [
        ("matrix-no-requirements", "finch-tts", MATRIX, entry.line, "requirements-intel.txt")
    ]
    assert "torch" in found[0].message
    assert f"{FINCH}/requirements-intel.txt" in found[0].help


@pytest.mark.parametrize(
    "profile", ["cpu", "cublas12", "cublas13", "l4t12", "l4t13", "hipblas", "intel", "mps"]
)
def test_every_profile_needs_its_file(profile: str) -> None:
    where = tree({f"{FINCH}/requirements-{profile}.txt": None})
    assert [f.subject for f in findings(where)] == [f"requirements-{profile}.txt"]


def test_requirements_txt_may_have_everything() -> None:
    complete = (read(f"{FINCH}/requirements.txt") + "torch==2.12.1\n").encode()
    where = tree({f"{FINCH}/requirements-intel.txt": None, f"{FINCH}/requirements.txt": complete})
    assert findings(where, "matrix-no-requirements") == []


def test_an_after_file_serves_its_profile() -> None:
    text = read(f"{FINCH}/requirements-cublas12.txt").encode()
    where = tree(
        {f"{FINCH}/requirements-cublas12.txt": None, f"{FINCH}/requirements-cublas12-after.txt": text}
    )
    reads_it = "BUILD_PROFILE}-after" in read("backend/python/common/libbackend.sh")
    assert bool(findings(where)) is not reads_it


@pytest.mark.parametrize(
    ("profile", "condition"),
    [("mps", '[ "$(uname -s)" = "Darwin" ]'), ("intel", '[ "x${BUILD_PROFILE}" == "xintel" ]')],
)
def test_install_sh_may_install_in_a_branch_of_its_own(profile: str, condition: str) -> None:
    gone: dict[str, bytes | None] = {f"{FINCH}/requirements-{profile}.txt": None}
    for body, quiet in (("uv pip install finch", True), ("export FINCH=1", False)):
        script = f"if {condition}; then\n    {body}\nelse\n    installRequirements\nfi\n"
        where = tree(gone, replaced(f"{FINCH}/install.sh", ("installRequirements\n", script)))
        assert bool(findings(where)) is not quiet


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("git+https://github.com/acme/finch", "github.com/acme/finch"),
        ("finch @ git+https://github.com/acme/finch.git", "github.com/acme/finch"),
        ("git+ssh://git@github.com/acme/finch#egg=finch", "github.com/acme/finch"),
        ("-e git+https://github.com/acme/finch ; python_version > '3'", "github.com/acme/finch"),
        ("git+https://github.com/acme/finch@v1.4.0", None),
        ("finch @ git+https://github.com/acme/finch.git@0123abc#egg=finch", None),
        ("# git+https://github.com/acme/finch", None),
        ("finch  # once git+https://github.com/acme/finch", None),
        ("finch @ https://github.com/acme/finch/archive/main.zip", "github.com/acme/finch"),
        ("https://github.com/acme/finch/archive/refs/heads/v2.tar.gz", "github.com/acme/finch"),
        ("https://github.com/acme/finch/zipball/master ; python_version > '3'", "github.com/acme/finch"),
        ("https://gitlab.com/acme/finch/-/archive/main/finch-main.zip", "gitlab.com/acme/finch"),
        ("https://codeload.github.com/acme/finch/zip/refs/heads/main", "codeload.github.com/acme/finch"),
        ("https://github.com/acme/finch/archive/refs/tags/latest.zip", None),
        ("https://github.com/acme/finch/archive/v1.4.0.zip", None),
        ("https://github.com/acme/finch/archive/deadbeef.zip", None),
        ("# https://github.com/acme/finch/archive/main.zip", None),
    ],
)
def test_a_repository_without_a_version(line: str, address: str | None) -> None:
    names = ("requirements.txt", "requirements-cpu.txt")
    where = tree({f"{FINCH}/{name}": f"{read(f'{FINCH}/{name}')}{line}\n".encode() for name in names})
    found = findings(where, "requirement-unpinned")
    assert [f.subject for f in found] == ([f"{address} without a version"] if address else [])
    assert all(f.severity is Severity.warning and "2 places" in f.message for f in found)


@pytest.mark.parametrize(
    ("default", "line", "branch"),
    [
        ("${OWL_REF:-master}", "", "master"),
        ("${OWL_REF:-v1.2}", "OWL_REF?=main", "main"),
        ("${OWL_REF:-master}", "OWL_REF := v1.2 # held", None),
        ("${OWL_REF:-v1.2}", "", None),
        ("$(newest owl)", "", None),
    ],
)
def test_a_ref_that_is_a_variable(default: str, line: str, branch: str | None) -> None:
    script = f'installRequirements\nOWL_REF="{default}"\nuv pip install "owl @ git+https://github.com/a/owl@${{OWL_REF}}#egg=owl"\n'
    where = tree(
        {f"{FINCH}/Makefile": f"{line}\n{read(f'{FINCH}/Makefile')}".encode()},
        replaced(f"{FINCH}/install.sh", ("installRequirements\n", script)),
    )
    found = findings(where, "requirement-unpinned")
    assert [f"its branch {branch} holds" in f.message for f in found] == ([True] if branch else [])


GPU = f"{FINCH}/requirements-cublas12.txt"
INDEX = "--extra-index-url https://download.pytorch.org/whl/cu128\n"


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("torch\n", "torch"),
        ("accelerate\ntorch>=2.4  # the newest\n", "torch"),
        ("torch[opt] ; python_version > '3'\n", "torch"),
        ("torch==2.12.1\nvllm\n", "vllm"),
        ("torch==2.10.0\n", None),
        ("torch>=2.4,<2.5\n", None),
        ("torch ~= 2.4\n", None),
        ("torch @ https://acme.example/torch.whl\n", None),
        ("# torch\ntorchmetrics\n", None),
        (f"{INDEX}torch\n", None),
        ("# PyPI's wheel for this hardware\n# is the one that is meant.\ntorch\n", None),
        ("# PyPI's wheel for this hardware\n\ntorch\n", "torch"),
        ("-f https://acme.example/cu128\ntorch\n", None),
    ],
)
def test_a_gpu_profile_says_which_torch_it_installs(text: str, package: str | None) -> None:
    found = findings(tree({GPU: text.encode()}), "requirement-index-missing")
    assert [(f.path, f.subject) for f in found] == ([(GPU, f"cublas12 {package}")] if package else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("torch==2.10.0+rocm7.0\n", True),
        ("flash_attn[all] == 2.1+cu12\n", True),
        ("# the build that works here\ntorch==2.10.0+rocm7.0\n", True),
        ("# torch==2.10.0+rocm7.0\ntorch==2.10.0\n", False),
        ("-r requirements-index.txt\ntorch==2.10.0+rocm7.0\n", False),
        ("--find-links=https://example.org\ntorch==2.10.0+rocm7.0\n", False),
        ("--extra-index-url https://download.pytorch.org/whl/rocm7.0\ntorch==2.10.0+rocm7.0\n", False),
        ("--extra-index-url https://download.pytorch.org/whl/rocm6.4\ntorch==2.10.0+rocm7.0\n", True),
        ("--extra-index-url https://download.pytorch.org/whl/rocm6.4\nvllm==0.9+rocm7.0\n", False),
    ],
)
def test_a_version_that_pypi_does_not_take(text: str, found: bool) -> None:
    where = tree({f"{FINCH}/requirements-cublas12.txt": text.encode()})
    told = findings(where, "requirement-index-missing")
    assert [f.severity for f in told] == ([Severity.error] if found else [])


@pytest.mark.parametrize("profile", ["cpu", "mps", "l4t13"])
def test_pypi_has_the_builds_of_some_profiles(profile: str) -> None:
    path = f"{FINCH}/requirements-{profile}.txt"
    assert findings(tree({path: b"torch\n"}), "requirement-index-missing") == []
    found = findings(tree({path: b"torch\nvllm\n"}), "requirement-index-missing")
    assert [f.subject for f in found] == (["l4t13 vllm"] if profile == "l4t13" else [])


@pytest.mark.parametrize(
    ("condition", "fine"),
    [('"x${BUILD_PROFILE}" == "xcublas12"', True), ('"x${BUILD_PROFILE}" == "xintel"', False)],
)
def test_install_sh_may_name_the_index(condition: str, fine: bool) -> None:
    flag = f'if [ {condition} ]; then\n    EXTRA_PIP_INSTALL_FLAGS+=" --extra-index-url https://a.example/cu128"\nfi\n'
    script = replaced(f"{FINCH}/install.sh", ("installRequirements\n", f"{flag}installRequirements\n"))
    found = findings(tree({GPU: b"torch\n"}, script), "requirement-index-missing")
    assert bool(found) is not fine


def test_a_file_that_the_extra_tests_install_is_used() -> None:
    gpu = MINIATURE.drop(entry("-cpu-rookery")).tree().read(MATRIX)
    jobs = replaced(TEST_EXTRA, ("backend/python/rookery", "backend/python/finch-tts"))
    lines = ((f"\t$(MAKE) -C backend/python/rookery{goal}\n", "") for goal in (" test", ""))
    assert findings(tree({MATRIX: gpu}), "requirements-unused") == []
    (unused,) = findings(tree({MATRIX: gpu}, jobs, replaced("Makefile", *lines)), "requirements-unused")
    assert unused.path == "backend/python/rookery/requirements-cpu.txt"


FROM_GIT = "uv pip install ${FLAGS:-} git+https://github.com/acme/finch"


@pytest.mark.parametrize(
    ("script", "held"),
    [
        (f"{FROM_GIT}.git\n", "its default branch"),
        (
            f'if a; then\n    {FROM_GIT}\nelse\n    pip install "finch @ git+https://github.com/acme/finch.git"\nfi\n',
            "its default branch holds (2 places)",
        ),
        (f"{FROM_GIT}.git@faster\n", "its branch faster"),
        (f"{FROM_GIT}@v1.4.0\n", ""),
        (f"{FROM_GIT}@${{FINCH_VERSION}}\n", ""),
        (f"{FROM_GIT}$AT\n", ""),
        (f"# {FROM_GIT}\necho '{FROM_GIT}'\n", ""),
        (f'if [ "x${{BUILD_PROFILE}}" == "xintel" ]; then\n    {FROM_GIT}\nfi\n', "its default branch"),
        (f'if [ "x${{BUILD_PROFILE}}" == "xnone" ]; then\n    {FROM_GIT}\nfi\n', ""),
    ],
)
def test_what_an_installer_installs_without_a_version(script: str, held: str) -> None:
    where = tree(replaced(f"{FINCH}/install.sh", ("installRequirements\n", f"{script}installRequirements\n")))
    found = findings(where, "requirement-unpinned")
    assert [f.subject for f in found] == ["github.com/acme/finch without a version"] * bool(held)
    wanted = "in the place of faster" if "branch faster" in held else "write `@`"
    assert all(held in f.message and wanted in f.help for f in found)


CLONE = "git clone https://github.com/acme/finch"


@pytest.mark.parametrize(
    ("script", "fine"),
    [
        (f"{CLONE}\n", False),
        (f"if [ ! -d finch ]; then\n    {CLONE}.git finch\nfi\n", False),
        (f"{CLONE}\ncd finch && git checkout v1.4.0\n", True),
        (f"git clone --depth 1 --branch v1.4.0 https://github.com/acme/finch || {CLONE}\n", True),
        ("git clone -b v1.4.0 https://github.com/acme/finch\n", True),
        (f'if [ "x${{FROM_SOURCE:-}}" == "xtrue" ]; then\n    {CLONE}\nfi\n', True),
        (f'if [ "x${{BUILD_PROFILE}}" == "xintel" ]; then\n    {CLONE}\nfi\n', False),
        (f'if [ "x${{BUILD_PROFILE}}" == "xnone" ]; then\n    {CLONE}\nfi\n', True),
        (f"# {CLONE}\necho '{CLONE}'\n", True),
    ],
)
def test_a_clone_without_a_version(script: str, fine: bool) -> None:
    where = tree(replaced(f"{FINCH}/install.sh", ("installRequirements\n", f"{script}installRequirements\n")))
    found = findings(where, "requirement-unpinned")
    assert [f.subject for f in found] == ([] if fine else ["github.com/acme/finch without a version"])


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("requirements-hipblas-after.txt", b"torch==2.10.0\n", True),
        ("requirements-hipblas-extra.txt", b"torch==2.10.0\n", True),
        ("requirements-hipblas-after.txt", b"flash-attn\n", False),
        ("requirements-hipblas-after.txt", b"# torch comes from source\n", False),
        ("requirements-hipblas2.txt", b"torch==2.10.0\n", False),
    ],
)
def test_a_file_that_no_installer_tries(name: str, text: bytes, found: bool) -> None:
    bare = tree({f"{FINCH}/requirements-hipblas.txt": b"accelerate\n", f"{FINCH}/{name}": text})
    said = [f for f in findings(bare, "requirements-unused") if f.severity is Severity.error]
    assert [f.subject for f in said] == ([f"{name} never tried"] if found else [])
    installed = replaced(
        f"{FINCH}/install.sh", ("installRequirements\n", f"installRequirements\npip install -r {name}\n")
    )
    named = tree({f"{FINCH}/requirements-hipblas.txt": b"accelerate\n", f"{FINCH}/{name}": text}, installed)
    assert not any(f.severity is Severity.error for f in findings(named, "requirements-unused"))
    assert not any(
        f.severity is Severity.error for f in findings(tree({f"{FINCH}/{name}": text}), "requirements-unused")
    )


XPU = "--extra-index-url https://download.pytorch.org/whl/xpu\n"


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (f"{XPU}torch\n", True),
        (f"{XPU}torch>=2.8\ntorchaudio\n", True),
        (f"{XPU}torch==2.11.0+xpu\n", False),
        (f"{XPU}torch<2.12\n", False),
        (f"{XPU}torchaudio\n", False),
        ("--index-url=https://download.pytorch.org/whl/xpu/\ntorch\n", True),
        ("--extra-index-url https://download.pytorch.org/whl/cu128\ntorch\n", False),
        ("--extra-index-url https://download.pytorch.org/whl/cpu\ntorch\n", False),
        (f"# {XPU}torch\n", False),
    ],
)
def test_torch_of_a_toolkit_that_moves(text: str, is_told: bool) -> None:
    path = f"{FINCH}/requirements-intel.txt"
    found = findings(tree({path: text.encode()}), "requirement-toolkit-moves")
    assert [(f.backend, f.path) for f in found] == ([("finch-tts", path)] if is_told else [])
    assert all("intel/oneapi" in f.message for f in found)


def test_an_image_without_a_toolkit_of_its_own() -> None:
    path = f"{FINCH}/requirements-intel.txt"
    matrix = read(MATRIX).replace("intel/oneapi-basekit:", "ubuntu:").encode()
    assert findings(tree({path: f"{XPU}torch\n".encode(), MATRIX: matrix}), "requirement-toolkit-moves") == []


WHEELS = "https://download.pytorch.org/whl"


@pytest.mark.parametrize(
    ("profile", "index", "severity"),
    [
        ("hipblas", f"{WHEELS}/cu121", Severity.error),
        ("intel", f"{WHEELS}/cpu", Severity.error),
        ("cublas12", f"{WHEELS}/cu130/", Severity.error),
        ("cublas13", f"{WHEELS}/cu128/", Severity.warning),
        ("cublas12", f"{WHEELS}/xpu", Severity.error),
        ("l4t12", f"{WHEELS}/rocm6.2", Severity.error),
        ("cpu", f"{WHEELS}/xpu", Severity.warning),
    ],
)
def test_an_index_of_other_hardware(profile: str, index: str, severity: Severity) -> None:
    path = f"{FINCH}/requirements-{profile}.txt"
    where = tree({path: f"--extra-index-url {index}\ntorch==2.12.1\n".encode()})
    (found,) = findings(where, "requirement-index-foreign")
    assert (found.backend, found.path, found.line, found.severity) == ("finch-tts", path, 1, severity)


@pytest.mark.parametrize(
    ("profile", "index"),
    [
        ("hipblas", f"{WHEELS}/nightly/rocm7.0"),
        ("hipblas", f"{WHEELS}/cpu\n--extra-index-url {WHEELS}/rocm7.0"),
        ("cublas12", f"{WHEELS}/cu121"),
        ("l4t12", "https://pypi.jetson-ai-lab.io/jp6/cu129/"),
        ("l4t13", f"{WHEELS}/cu130"),
        ("intel", "https://example.org/intel"),
        ("after", f"{WHEELS}/cu121"),
        ("mps", f"{WHEELS}/cpu"),
    ],
)
def test_an_index_of_that_hardware_or_of_no_known_one(profile: str, index: str) -> None:
    where = tree(
        {f"{FINCH}/requirements-{profile}.txt": f"--extra-index-url {index}\ntorch==2.1.0\n".encode()}
    )
    assert findings(where, "requirement-index-foreign") == []


@pytest.mark.parametrize(
    "line",
    [
        "torch=2.12.1",
        "torch 2.12.1",
        "torch==2.12.1accelerate",
        "torch==2.12.1 accelerate",
        "torch accelerate",
        "torch==",
        "torch=>2.1",
        "torch==2.1,>=",
        "torch[gpu==2.1",
        "==2.1",
        "torch-",
        "torch==2.1==2",
        "torch>=2.0.*",
        "torch~=2",
        "torch==2.x",
        "torch==latest",
        "torch>=2.1 <3",
        "torch>=2.1,,<3",
        "torch^2.1",
        "torch: 2.1",
        "torch[gpu,]==2.1",
        "torch[gpu cpu]",
        "torch>=2.1+cu128",
        "torch==2.1# the last",
        "torch==2.1 // the last",
        "torch\xa0==2.1",
        "torch==\u201c2.1\u201d",
        "torch==2.1\u200b",
        '"torch==2.1"',
        "torch==$(cat version)",
        "pip install torch",
        "torch==2.1; python_version < 3.12",
        "torch==2.1; sys_platform == linux",
        'torch==2.1; python_versio < "3.12"',
        'torch==2.1; python_version < "3.12',
        'torch==2.1; python_version = "3.12"',
        "torch;",
        "torch==2.1 --hash",
        "torch==2.1 --hash=sha256:",
        "torch==2.1 --no-deps",
        "torch --extra-index-url https://example.org/cpu",
        "-extra-index-url https://example.org/cpu",
        "--extra-index-urls https://example.org/cpu",
        "--index-url",
        "--index-url example.org/cpu",
        "--index-url https://example.org/cpu https://example.org/xpu",
        "--index-url 'https://example.org/cpu",
        "--INDEX-URL https://example.org/cpu",
        "--find-links",
        "--no-deps",
        "--no-index=yes",
        "-U torch",
        "- torch",
        "-e",
        "-r",
        "torch @",
        "torch @ git+http//github.com/a/b@v1",
        "git+htps://github.com/a/b@v1",
        "torch @ hg+git://github.com/a/b@v1",
        "git+github.com/a/b",
        "git://github.com/a/b",
        "htps://example.org/torch-2.1-py3-none-any.whl",
        "https://",
        "torch @ https://example.org/torch.whl",
        "git+https://github.com/a/b; python_version < 3",
        "https://github.com/acme/finch",
        "https://github.com/acme/finch/ ; python_version > '3'",
        "finch @ https://github.com/acme/finch.cpp@v1.0",
        "https://github.com/acme/finch.git@v1.0",
        "-e https://github.com/acme/finch#egg=finch",
    ],
)
def test_a_line_that_no_installer_reads(line: str) -> None:
    path = f"{FINCH}/requirements-cublas12.txt"
    text = f"# what it needs\n--extra-index-url {WHEELS}/cu121\n{line}\ngrpcio\n"
    (found,) = findings(tree({path: text.encode()}), "requirement-unreadable")
    assert (found.backend, found.path, found.line) == ("finch-tts", path, 3)
    assert repr(line) in found.message


def test_a_web_page_in_place_of_a_repository() -> None:
    path = f"{FINCH}/requirements-cublas12.txt"
    text = b"finch @ https://github.com/acme/finch@v1 ; python_version > '3'\n"
    (found,) = findings(tree({path: text}), "requirement-unreadable")
    assert found.help.startswith("write git+https://github.com/acme/finch@v1: ")


@pytest.mark.parametrize(
    "line",
    [
        "torch",
        "torch == 2.12.1+cu128  # the last one",
        "torch~=2.1",
        "torch>=2.1,<3,!=2.5.*",
        "torch (>=2.1)",
        "Flash_Attn[all, cpu]==1!2.0.post1",
        "torch===2.1-anything",
        "torch==2.0.0rc1; python_version < '3.12'",
        "torch ; sys_platform == 'linux'",
        "torch==2.1 --hash=sha256:0a --hash=sha256:1b",
        "torch==2.1 \\\n  --hash=sha256:0a",
        "torch @ https://example.org/torch-2.1-py3-none-any.whl",
        "git+https://github.com/a/b@v1#egg=b",
        "git+ssh://git@github.com/a/b.git@v1",
        "https://github.com/acme/finch.git",
        "https://github.com/acme/finch.git#egg=finch",
        "# https://github.com/acme/finch",
        "torch  # https://github.com/acme/finch",
        "https://github.com/acme/finch/archive/v1.4.0.zip",
        "https://github.com/acme/finch/archive/refs/tags/v1.4.0.tar.gz",
        "https://github.com/acme/finch/releases/download/v1/finch-1.0-py3-none-any.whl",
        "https://github.com/acme/finch/tarball/v1",
        "git+file:///srv/b.git@v1",
        "git+http://github.com/a/b@v1",
        "hg+static-http://example.org/b",
        "bzr+lp://b",
        "-e git+https://github.com/a/b@v1 ; python_version > '3'",
        "./wheels/torch-2.1-py3-none-any.whl",
        "torch==${TORCH_VERSION}",
        "-r requirements.txt",
        "-rrequirements.txt",
        "-c https://example.org/limits.txt",
        "-i https://example.org/cpu --trusted-host example.org",
        "--extra-index-url=https://user:${WORD}@example.org/cpu",
        '--index-url "https://example.org/cpu"',
        "--no-binary :all:",
        "--pre",
        "\ufefftorch",
        "torch\t==\t2.1",
        "torch==2.1\xa0",
        "torch==2.0.*,",
        'torch; "linux" == sys_platform and (os_name in "posix")',
    ],
)
def test_a_line_that_installers_read(line: str) -> None:
    path = f"{FINCH}/requirements-cublas12.txt"
    assert findings(tree({path: f"{line}\r\n".encode()}), "requirement-unreadable") == []


@pytest.mark.parametrize(
    ("line", "found"),
    [("torchgrpcio", True), ("torchGRPCio==1.2", True), ("torchaudio", False), ("torch-grpcio", False)],
)
def test_two_names_without_a_break(line: str, found: bool) -> None:
    both = {f"{FINCH}/requirements-{name}.txt": b"torch\ngrpcio\n" for name in ("cublas12", "hipblas")}
    where = tree({**both, f"{FINCH}/requirements-intel.txt": f"numpy\n{line}\n".encode()})
    told = findings(where, "requirement-unreadable")
    assert [(f.path[-9:], f.line) for f in told] == ([("intel.txt", 2)] if found else [])


@pytest.mark.parametrize(("text", "found"), [(b"", True), (b"\n \n", True), (b"# all in the image\n", False)])
def test_an_empty_file_is_none(text: bytes, found: bool) -> None:
    where = tree({f"{FINCH}/requirements-intel.txt": text})
    assert bool(findings(where, "matrix-no-requirements")) is found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("torch==2.12.1--extra-index-url https://download.pytorch.org/whl/cu130", True),
        ("accelerate--extra-index-url https://download.pytorch.org/whl/cpu", True),
        ("--extra-index-url https://download.pytorch.org/whl/cu130", False),
        ("--extra-index-url https://download.pytorch.org/whl/cu130torch", True),
        ("--extra-index-url https://download.pytorch.org/whl/cu130/", False),
        ("git+https://github.com/a/b@v1.0grpcio==1.71.0", True),
        ("git+https://github.com/a/b@v1.0#egg=b", False),
        ("https://h/a-1.0-py3-none-any.whl--index-url https://h", True),
        ("https://h/a-1.0-py3-none-any.whl#sha256=ab", False),
        ("a @ https://h/a-1.0-py3-none-any.whl ; python_version >= '3.12'", False),
        ("torch==2.8.0a @ git+https://github.com/a/b@v1", True),
        ("torch2.7.1", True),
        ("torch==2.10.0+rocm7.0a", True),
        ("-r other.txt", False),
        ("--extra-index https://download.pytorch.org/whl/cu130", True),
        ("--find https://example.org/wheels", True),
        ("--pre", False),
    ],
)
def test_what_stands_behind_an_address_or_a_version(line: str, found: bool) -> None:
    where = tree({f"{FINCH}/requirements-after.txt": f"{line}\n".encode()})
    assert bool(findings(where, "requirement-unreadable")) is found


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("torhc\n", Severity.warning),
        ("torc", Severity.warning),
        ("torc\n", Severity.warning),
        ("tor", Severity.warning),
        ("tor\n", None),
        ("soxr\n", None),
    ],
)
def test_a_name_that_nobody_else_has(text: str, severity: Severity | None) -> None:
    where = tree({f"{FINCH}/requirements-after.txt": text.encode()})
    found = [f.severity for f in findings(where, "requirement-unreadable")]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("@main", True),
        ("@feature/a", True),
        ("@v1.4.0", False),
        ("@deadbeef", False),
        ("@2024.10", False),
        ("@main#egg=b", True),
        ("", True),
    ],
)
def test_a_branch_is_no_version(ref: str, found: bool) -> None:
    text = f"git+https://git@github.com/acme/finch.git{ref}\n"
    where = tree({f"{FINCH}/requirements-after.txt": text.encode()})
    told = findings(where, "requirement-unpinned")
    assert [f.severity for f in told] == [Severity.warning] * found
    assert all("acme/finch is installed" in f.message for f in told)


@pytest.mark.parametrize(("data", "found"), [(b"", True), (b"\n \n", True), (b"# nothing\n", False)])
def test_a_file_without_a_word(data: bytes, found: bool) -> None:
    where = tree({f"{FINCH}/requirements-after.txt": data})
    assert [f.subject for f in findings(where)] == ["requirements-after.txt"] * found


def test_an_empty_file_that_the_others_show_the_content_of() -> None:
    where = tree({f"{FINCH}/requirements-intel.txt": b""})
    assert {f.rule for f in findings(where)} == {"matrix-no-requirements", "requirements-empty"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme==1.0\n", False),
        ("acme\n", True),
        ("acme>=1.0\n", True),
        ("acme==1.1\n", False),
        ("acme<2\n", False),
        ("# 1.0 is not built there\nacme\n", False),
    ],
)
def test_a_version_that_the_other_files_have(text: str, found: bool) -> None:
    def file(profile: str, line: str) -> dict[str, bytes | None]:
        path = f"{FINCH}/requirements-{profile}.txt"
        return {path: (read(path) + line).encode()}

    where = tree(file("cpu", "acme==1.0\n"), file("mps", "acme==1.0\n"), file("intel", text))
    told = findings(where, "requirement-pin-lost")
    assert [(f.path, f.severity) for f in told] == [
        (f"{FINCH}/requirements-intel.txt", Severity.warning)
    ] * found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme>=1.0\n", True),
        ("acme==1.3\n", False),
        ("acme<2\n", False),
        ("--extra-index-url https://example.org/whl\nacme\n", False),
    ],
)
def test_a_version_where_each_other_file_has_its_own(text: str, found: bool) -> None:
    files = {"cublas12": text, "mps": "acme==1.1\n", "cpu": "acme==1.0\n"}
    where = tree({f"{FINCH}/requirements-{name}.txt": line.encode() for name, line in files.items()})
    told = findings(where, "requirement-pin-lost")
    assert [f.path for f in told] == [f"{FINCH}/requirements-cublas12.txt"] * found


@pytest.mark.parametrize(
    ("profile", "version", "found"),
    [
        ("hipblas", "2.7.1", True),
        ("intel", "2.7.1", True),
        ("l4t12", "2.7.1", True),
        ("cublas13", "2.10.0", True),
        ("cublas13", "2.11.0", False),
        ("cublas12", "2.10.0", False),
        ("cublas12", "2.11.0", True),
        ("cpu", "2.11.0", False),
    ],
)
def test_a_version_of_torch_that_pypi_has_for_other_hardware(profile: str, version: str, found: bool) -> None:
    where = tree({f"{FINCH}/requirements-{profile}.txt": f"torch=={version}\n".encode()})
    assert [f.severity for f in findings(where, "requirement-index-missing")] == [Severity.warning] * found


def test_a_file_with_less_than_the_others() -> None:
    names = ["cpu", "cublas12", "cublas13", "l4t12", "l4t13", "hipblas", "intel", "mps"]
    files: dict[str, bytes | None] = {
        f"{FINCH}/requirements-{name}.txt": (
            read(f"{FINCH}/requirements-{name}.txt") + "acme\nwing\n"
        ).encode()
        for name in names
    }
    assert findings(tree(files), "matrix-no-requirements") == []
    intel = f"{FINCH}/requirements-intel.txt"
    for text, count in (("torch\nacme\n", 0), ("torch\n", 1), ("torch\nbeak\n", 0)):
        found = findings(tree(files, {intel: text.encode()}), "matrix-no-requirements")
        assert [(f.path, f.severity) for f in found] == [(intel, Severity.warning)] * count


@pytest.mark.parametrize(("version", "severity"), [("2.12.1", Severity.error), ("0.1", Severity.warning)])
def test_a_misspelt_name_with_the_usual_pin(version: str, severity: Severity) -> None:
    where = tree({f"{FINCH}/requirements-after.txt": f"torhc=={version}\n".encode()})
    assert [f.severity for f in findings(where, "requirement-unreadable")] == [severity]
