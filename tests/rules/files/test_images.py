"""What scripts and Dockerfiles do that never works."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import FINCH, LARK, WREN, findings, tree

GO = "backend/Dockerfile.golang"


@pytest.mark.parametrize("path", [GO, "Dockerfile", ".docker/a.sh", f"{LARK}/package.sh", f"{FINCH}/run.sh"])
@pytest.mark.parametrize(
    ("test", "is_told"),
    [
        ('[ "${FROM_SOURCE}}" = "true" ]', True),
        ('[[ -n "$A" && "${FROM_SOURCE}}" == true ]]', True),
        ('[ "BUILD_TYPE" = "cublas" ]', True),
        ("[ BUILD_TYPE = 'cublas' ]", True),
        ('[ "${FROM_SOURCE}" = "true" ]', False),
        ('[ "x${A}" = "xb" ]', False),
        ('[ "${A:-${B}}" = "b" ]', False),
        ('[ "$A" = "b}}" ]', False),
        ('[ "$(uname)" = "Darwin" ]', False),
        ("[ -f a ] || [ -d b ]", False),
    ],
)
def test_a_comparison_of_what_never_changes(path: str, test: str, is_told: bool) -> None:
    begin = "FROM a\nRUN " if "Dockerfile" in path else ""
    told = findings(tree({path: f"{begin}if {test}; then true; fi\n".encode()}), "comparison-constant")
    assert [(f.path, f.line) for f in told] == ([(path, 1 + bool(begin))] if is_told else [])


HEAD = "ARG BASE_IMAGE=ubuntu:24.04\nFROM ${BASE_IMAGE} AS builder\nARG BUILD_TYPE\nARG TARGETARCH\n"
VULKAN = 'RUN if [ "${BUILD_TYPE}" = "vulkan" ]; then apt-get update && apt-get install -y wget; fi\n'
CUBLAS = 'RUN if [ "${BUILD_TYPE}" = "cublas" ]; then wget https://example.org/a.deb; fi\n'
PLAIN = "RUN apt-get update && \\\n    apt-get install -y \\\n    wget\n"
HEREDOC = 'RUN <<EOT bash\n    if [ "${BUILD_TYPE}" = "cublas" ]; then\n        wget https://example.org/a\n    fi\nEOT\n'
MOUNTED = "RUN --mount=type=bind,source=.docker/apt-mirror.sh,target=/usr/bin/m sh /usr/bin/m\n"


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        (CUBLAS, 5),
        (VULKAN + CUBLAS, 6),
        (VULKAN + HEREDOC, 8),
        (MOUNTED + CUBLAS, 6),
        (PLAIN + CUBLAS, 0),
        (VULKAN.replace("vulkan", "cublas") + CUBLAS, 0),
        (VULKAN + CUBLAS.replace("cublas", "opencl"), 0),
        ("RUN bash install.sh\n" + CUBLAS, 0),
        (MOUNTED.replace("apt-mirror", "install-base-deps") + CUBLAS, 0),
        ("COPY --from=tools /wget /usr/bin/wget\n" + CUBLAS, 0),
        ("RUN command -v wget || true\n", 0),
        (CUBLAS.replace("wget ", "echo wget "), 0),
    ],
)
def test_a_program_that_nothing_has_installed(runs: str, line: int) -> None:
    told = findings(tree({GO: (HEAD + runs).encode()}), "program-not-installed")
    assert [(f.path, f.line, f.subject) for f in told] == ([(GO, line, f"{GO} wget")] if line else [])


PIP = "RUN apt-get update && apt-get install -y python3-pip && pip install {} acme\n"


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        (PIP.format("--user"), 5),
        ("RUN pip3 install acme\n", 5),
        ("RUN python3 -m pip install acme\n", 5),
        ("RUN python3 -m pip install --break-system-packages acme\n", 0),
        ('RUN if [ "${UBUNTU_VERSION}" = "2404" ]; then pip install acme; fi\n', 5),
        ('RUN if [ "${UBUNTU_VERSION}" = "2204" ]; then pip install acme; fi\n', 0),
        ("RUN if [ -f a ]; then pip install acme; fi\n", 0),
        ("RUN true || pip install acme\n", 0),
        (PIP.format("--break-system-packages"), 0),
        (PIP.format("--target /opt/acme"), 0),
        (PIP.format("--target=/opt/acme"), 0),
        ("RUN pip install acme || pip install --break-system-packages acme\n", 0),
        ("RUN pip config set global.break-system-packages true && pip install acme\n", 0),
        ("ENV PATH=/opt/venv/bin:$PATH\nRUN pip install acme\n", 0),
        ("ENV PIP_BREAK_SYSTEM_PACKAGES=1\n" + PIP.format(""), 0),
        ("RUN python3 -m venv /venv && /venv/bin/pip install acme\n" + PIP.format(""), 0),
        ("RUN uv pip install --system acme\n", 0),
    ],
)
def test_what_pip_does_not_install(runs: str, line: int) -> None:
    head = HEAD + "ARG UBUNTU_VERSION\n" if "UBUNTU" in runs else HEAD
    told = findings(tree({GO: (head + runs).encode()}), "pip-refused")
    assert [(f.path, f.line) for f in told] == ([(GO, line + (head != HEAD))] if line else [])


def test_an_image_that_is_no_plain_ubuntu_may_have_it() -> None:
    text = (HEAD + CUBLAS).replace("${BASE_IMAGE}", "acme/tools:1")
    assert findings(tree({GO: text.encode()}), "program-not-installed") == []


@pytest.mark.parametrize(
    ("value", "use", "is_told"),
    [
        ("gfx908;gfx90a", "cmake -DA=$(LIST) ..", True),
        ("gfx908;gfx90a", "cmake $(ARGS) ..", True),
        ('"gfx908;gfx90a"', "cmake $(ARGS) ..", False),
        ("gfx908\\;gfx90a", "cmake $(ARGS) ..", False),
        ("gfx908,gfx90a", "cmake $(ARGS) ..", False),
        ("cd a; make", "$(LIST)", False),
        ("gfx908;gfx90a", 'cmake "-DA=$(LIST)" ..', False),
        ("gfx908;gfx90a", "$(info $(LIST))", False),
        ("gfx908;gfx90a", "cmake -DA=$(subst ;,\\;,$(LIST)) ..", False),
        ("gfx908;gfx90a", "true", False),
    ],
)
def test_a_list_that_the_shell_cuts(value: str, use: str, is_told: bool) -> None:
    text = f"BUILD_TYPE?=\nLIST?={value}\nARGS+=-DGPUS=$(LIST)\nwren:\n\t{use}\n"
    told = findings(tree({f"{WREN}/Makefile": text.encode()}), "make-value-splits")
    assert [f.line for f in told] == ([2] if is_told else [])
