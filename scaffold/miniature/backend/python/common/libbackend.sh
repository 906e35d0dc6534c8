#!/usr/bin/env bash
set -euo pipefail

# Shared shell library of the Python backends. A backend's script sources it and
# then calls one of
#
#   installRequirements   create venv/ and install requirements*.txt, then the stubs
#   startBackend "$@"     replace the shell by the backend's gRPC server
#   runUnittests          run the backend's test.py
#   runProtogen           regenerate backend_pb2*.py
#
# Variables read before sourcing: LIMIT_TARGETS, PYTHON_VERSION, ENV_DIR.
# Variables read by the functions: EXTRA_PIP_INSTALL_FLAGS, BACKEND_FILE, TEST_FILE,
# and USE_PIP: true installs with pip even where there is uv, which takes a tenth of the time.

PYTHON_VERSION="${PYTHON_VERSION:-3.10}"
PORTABLE_PYTHON="${PORTABLE_PYTHON:-false}"

# BUILD_TYPE with the CUDA major version where that decides which wheels fit.
function getBuildProfile() {
    case "${BUILD_TYPE:-}" in
        cublas|l4t) echo "${BUILD_TYPE}${CUDA_MAJOR_VERSION:-}" ;;
        *)
            if [ -d /opt/intel ]; then
                echo intel
            else
                echo "${BUILD_TYPE:-cpu}"
            fi
            ;;
    esac
}

# Prints whether the current build type or profile is among the arguments.
function checkTargets() {
    local target
    for target in "$@"; do
        if [ "${target}" = "${BUILD_TYPE:-}" ] || [ "${target}" = "${BUILD_PROFILE}" ]; then
            echo true
            return 0
        fi
    done
    echo false
}

function init() {
    MY_DIR="$(realpath "$(dirname "$0")")"
    BACKEND_NAME="$(basename "${MY_DIR}")"
    BUILD_PROFILE="$(getBuildProfile)"
    EDIR="${ENV_DIR:-${MY_DIR}}"

    if [ -n "${LIMIT_TARGETS:-}" ]; then
        # shellcheck disable=SC2086 # a space separated list
        if [ "$(checkTargets ${LIMIT_TARGETS})" != true ]; then
            echo "${BACKEND_NAME} is only built for: ${LIMIT_TARGETS}"
            exit 0
        fi
    fi
}

# A version manager's shim can be on PATH without an interpreter behind it, so
# finding the command is not enough: it has to run.
function _interpreter() {
    local candidate
    for candidate in "python${PYTHON_VERSION}" python3; do
        if "${candidate}" -c '' >/dev/null 2>&1; then
            echo "${candidate}"
            return 0
        fi
    done
    echo "no working python${PYTHON_VERSION} or python3 on PATH" >&2
    return 1
}

function _useUv() {
    [ "${USE_PIP:-}" != true ] && command -v uv >/dev/null
}

# Installs into an environment: its folder first, then the arguments for pip.
function _install() {
    local environment="$1"
    shift
    if _useUv; then
        VIRTUAL_ENV="${environment}" uv pip install --quiet "$@"
    else
        "${environment}/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

# Creates venv/ when it is not there and puts it first on PATH. bin/activate is
# not used: it holds the path of the build machine.
function ensureVenv() {
    local interpreter
    local -a venvArgs=()
    if [ ! -d "${EDIR}/venv" ]; then
        interpreter="$(_interpreter)"
        if [ "${PORTABLE_PYTHON}" = true ]; then
            venvArgs+=(--copies)
        fi
        if _useUv; then
            venvArgs+=(--without-pip)
        fi
        "${interpreter}" -m venv ${venvArgs[@]+"${venvArgs[@]}"} "${EDIR}/venv"
    fi
    if [ "${VIRTUAL_ENV:-}" != "${EDIR}/venv" ]; then
        export VIRTUAL_ENV="${EDIR}/venv"
        export PATH="${EDIR}/venv/bin:${PATH}"
        unset PYTHONHOME
    fi
}

function _installedVersion() {
    python -c 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))' "$1" 2>/dev/null || true
}

# The generator lives in an environment of its own: it must fit the grpcio and
# protobuf that the backend declares, never change them.
function runProtogen() {
    ensureVenv

    local grpcio protobuf generator
    grpcio="$(_installedVersion grpcio)"
    protobuf="$(_installedVersion protobuf)"
    local -a tools=("grpcio-tools${grpcio:+<=${grpcio}}")
    if [ -n "${protobuf}" ]; then
        tools+=("protobuf<=${protobuf}")
    fi

    generator="$(mktemp -d)"
    if _useUv; then
        python -m venv --without-pip "${generator}"
    else
        python -m venv "${generator}"
    fi
    _install "${generator}" "${tools[@]}"

    pushd "${EDIR}" >/dev/null
    rm -rf backend_pb2.py backend_pb2.pyi backend_pb2_grpc.py __pycache__
    "${generator}/bin/python" -m grpc_tools.protoc -I../../ -I./ --python_out=. --grpc_python_out=. backend.proto
    if ! python -c 'import backend_pb2, backend_pb2_grpc'; then
        echo "runProtogen: the stubs cannot be imported with protobuf ${protobuf:-unknown} and grpcio ${grpcio:-unknown}" >&2
        exit 1
    fi
    popd >/dev/null

    rm -rf "${generator}"
}

# Installs, in this order, whichever of these exist: requirements-install.txt,
# requirements.txt, requirements-<type>.txt, requirements-<profile>.txt,
# requirements-cpu.txt (without a build type), requirements-after.txt,
# requirements-<profile>-after.txt.
function installRequirements() {
    ensureVenv

    local -a files=(
        requirements-install.txt
        requirements.txt
        "requirements-${BUILD_TYPE:-}.txt"
    )
    if [ "${BUILD_TYPE:-}" != "${BUILD_PROFILE}" ]; then
        files+=("requirements-${BUILD_PROFILE}.txt")
    fi
    if [ -z "${BUILD_TYPE:-}" ]; then
        files+=(requirements-cpu.txt)
    fi
    files+=(requirements-after.txt)
    if [ "${BUILD_TYPE:-}" != "${BUILD_PROFILE}" ]; then
        files+=("requirements-${BUILD_PROFILE}-after.txt")
    fi

    local file
    for file in "${files[@]}"; do
        if [ -f "${EDIR}/${file}" ]; then
            echo "installing ${file}"
            # shellcheck disable=SC2086 # a list of flags
            _install "${EDIR}/venv" ${EXTRA_PIP_INSTALL_FLAGS:-} --requirement "${EDIR}/${file}"
        fi
    done

    runProtogen
}

# Runs BACKEND_FILE, or the first of server.py, backend.py and <name>.py.
function startBackend() {
    ensureVenv

    if [ -d "${EDIR}/lib" ]; then
        export LD_LIBRARY_PATH="${EDIR}/lib${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}"
    fi

    local file
    for file in "${BACKEND_FILE:-}" "${MY_DIR}/server.py" "${MY_DIR}/backend.py" "${MY_DIR}/${BACKEND_NAME}.py"; do
        if [ -f "${file}" ]; then
            exec "${EDIR}/venv/bin/python" "${file}" "$@"
        fi
    done
    echo "no server found in ${MY_DIR}" >&2
    exit 1
}

# Runs TEST_FILE, or test.py, from its own folder.
function runUnittests() {
    ensureVenv

    local file="${TEST_FILE:-${MY_DIR}/test.py}"
    if [ ! -f "${file}" ]; then
        echo "no tests defined for ${BACKEND_NAME}"
        return 0
    fi
    pushd "$(dirname "$(realpath "${file}")")" >/dev/null
    python -m unittest "$(basename "${file}")"
    popd >/dev/null
}

init
