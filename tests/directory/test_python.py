"""Which requirements files a build installs, judged by bash that runs the installer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.directory.python import COMMON_INSTALLER, installer_of, installs_itself
from scaffold.syntax.shell import ShellSource
from tests.rules.files.trees import tree
from tests.rules.trees import BASE

MARCH = """
function getBuildProfile() {
    if [ x"${BUILD_TYPE:-}" == "xcublas" ] || [ x"${BUILD_TYPE:-}" == "xl4t" ]; then
        if [ ! -z "${CUDA_MAJOR_VERSION:-}" ]; then
            echo ${BUILD_TYPE}${CUDA_MAJOR_VERSION}
        else
            echo ${BUILD_TYPE}
        fi
        return 0
    fi
    if [ -n "${BUILD_TYPE:-}" ]; then
        echo ${BUILD_TYPE}
        return 0
    fi
    echo "cpu"
}
function installRequirements() {
    ensureVenv
    # requirements-comment.txt
    declare -a files=("${EDIR}/requirements.txt" "${EDIR}/requirements-${BUILD_TYPE:-}.txt")
    if [ "x${BUILD_TYPE:-}" != "x${BUILD_PROFILE}" ]; then
        files+=("${EDIR}/requirements-${BUILD_PROFILE}.txt")
    fi
    if [ "x${BUILD_TYPE:-}" == "x" ]; then
        files+=("${EDIR}/requirements-cpu.txt")
    fi
    echo "not requirements-said.txt"
    files+=("${EDIR}/requirements-after.txt")
    for file in "${files[@]}"; do uv pip install --requirement "$file"; done
}
"""
NAMES = [
    "",
    "-said",
    "-after",
    "-comment",
    *(f"-{p}" for p in ["cpu", "cublas", "cublas12", "cublas13", "l4t", "l4t13", "hipblas", "mps"]),
]
STUBS = """
ensureVenv() { :; }
runProtogen() { :; }
uv() { printf "%s\\n" "$@"; }
pip() { printf "%s\\n" "$@"; }
"""

RUN = f"""
. ./lib.sh
{STUBS}
EDIR=$PWD BUILD_PROFILE=$(getBuildProfile)
echo $BUILD_PROFILE
installRequirements
"""


@pytest.mark.parametrize("cuda", ["", "12", "13"])
@pytest.mark.parametrize("kind", ["", "cublas", "l4t", "hipblas", "mps"])
def test_the_installer_is_read_as_bash_runs_it(kind: str, cuda: str, tmp_path: Path) -> None:
    for script in (MARCH, (BASE.read(COMMON_INSTALLER) or b"").decode()):
        installer = installer_of(tree({COMMON_INSTALLER: script.encode()}))
        build = installer.build(kind, cuda, linux=True)
        (tmp_path / "lib.sh").write_text(script.rsplit("\ninit\n", 1)[0])
        for name in NAMES:
            (tmp_path / f"requirements{name}.txt").touch()
        environment = {"BUILD_TYPE": kind, "CUDA_MAJOR_VERSION": cuda, "PATH": "/usr/bin:/bin"}
        ran = subprocess.run(
            ["bash", "-c", RUN], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        profile, *installed = ran.stdout.splitlines()
        assert build.profile == profile
        files = [name for line in installed if (name := line.rpartition("/")[2]).endswith(".txt")]
        there = {f"requirements{name}.txt" for name in NAMES}
        read = [name for name in (*installer.common, *installer.specific(build)) if name in there]
        assert sorted(set(files) & there) == sorted(read)


@pytest.mark.parametrize(
    ("script", "cpu", "cublas", "mps"),
    [
        ('if [ "x${BUILD_TYPE}" == "xcublas" ]; then pip install a; fi', False, True, False),
        ('if [ "x${BUILD_TYPE}" != "xcublas" ]; then pip install a; fi', True, False, True),
        ('# if [ "$BUILD_TYPE" = cublas ]; then pip install a; fi', False, False, False),
        ('echo "if [ x == xcublas ]; then pip install a"', False, False, False),
        ('case "$BUILD_PROFILE" in cpu|cublas*) uv pip install a ;; esac', True, True, False),
        ('[ "$(uname -s)" = Darwin ] && python -m pip install a', False, False, True),
        ('if [ "x$USE_PIP" = xtrue ]; then pip install a; fi', False, False, False),
        ('own() { pip3 install a; }\nif [ -z "$BUILD_TYPE" ]; then own; fi', True, False, False),
        (
            'if [ "$BUILD_TYPE" = cublas ]; then installRequirements; exit; fi\npip install a',
            False,
            False,
            False,
        ),
    ],
)
def test_branches_of_install_sh(script: str, cpu: bool, cublas: bool, mps: bool) -> None:
    source = ShellSource("install.sh", f"{script}\ninstallRequirements\n".encode())
    installer = installer_of(BASE)
    builds = (("", "", True), ("cublas", "12", True), ("mps", "", False))
    assert [installs_itself(source, installer.build(*build)) for build in builds] == [cpu, cublas, mps]


def test_an_install_sh_without_the_installer_is_on_its_own() -> None:
    source = ShellSource("install.sh", b"# installRequirements\npip install a\n")
    assert installs_itself(source, installer_of(BASE).build("", "", True))
