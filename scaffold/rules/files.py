"""Rules about a backend's own files: requirements, Makefile, scripts, sources."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit, insertion
from scaffold.directory.directory import Directory
from scaffold.directory.makefile import test_calls
from scaffold.directory.native import Flag
from scaffold.directory.python import PythonInstaller
from scaffold.directory.service import PROTO, service_rpcs
from scaffold.directory.text import Spot
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.registry import Registry
    from scaffold.surfaces.matrix.reading import Entry

NATIVE = ("go", "cpp", "rust")


class MatrixNoRequirements(Rule):
    """A Python image installs no requirements file of its own although the others do.

    Why: `installRequirements` installs `requirements.txt` and then whichever of
    `requirements-<build type>.txt` and `requirements-<profile>.txt` exists; one that is missing is
    skipped without a word. The image is built, starts, and fails at the first `import torch`: so did
    LocalAI's chatterbox on macOS until e7fc604db, and so does rfdetr on JetPack 6.

    A missing file is fine, and no finding, where `requirements.txt` already has what the files of
    the other builds add, or where `install.sh` installs in a branch of its own for that build.

    Fails: `build-type: 'l4t'` with `cuda-major-version: "12"` in the matrix, and

        requirements.txt            grpcio
        requirements-cublas12.txt   torch, finch

    Passes: the same with

        requirements-l4t12.txt      torch, finch

    Fix: write the file that the help names, with the packages of that hardware's index; or drop the
    matrix entry and its images.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = PythonInstaller(registry.tree)
        if not installer.names:
            return
        for name, lang in registry.backends.items():
            if lang == "python":
                yield from self._judge(registry.files(name), registry.matrix.entries_of(name), installer)

    def _judge(
        self, files: Directory, entries: Sequence[Entry], installer: PythonInstaller
    ) -> Iterator[Finding]:
        builds: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            kind = entry.fields.get("build-type", "")
            profile = installer.profile(kind, entry.fields.get("cuda-major-version", ""))
            builds.setdefault((kind, profile), entry)
        specific = {
            build: [name for name in installer.specific(*build) if name in files.names] for build in builds
        }
        if all(specific.values()):
            return
        added = [files.packages(names) for names in specific.values() if names]
        missing = frozenset.intersection(*added) - files.packages(installer.common) if added else None
        if not missing:
            return
        for (kind, profile), entry in builds.items():
            words = {"Darwin", "mps", "metal"} if not entry.linux else {kind or "cpu", profile}
            if specific[kind, profile] or files.installs_itself(frozenset(words)):
                continue
            wanted = f"requirements-{profile}.txt"
            yield self.finding(
                entry,
                files.name,
                wanted,
                f"the {profile} image installs no requirements file but the common ones: "
                f"it lacks {_some(sorted(missing))}, which every other build of {files.name} installs",
                f"write {files.path}/{wanted}, or drop the entry",
            )


class RequirementsUnused(Rule):
    """A requirements file is installed by no image.

    Why: somebody wrote down what the backend needs on some hardware, and nobody built it. LocalAI's
    kokoro had a file for the CPU long before #11161 built it, so that a host without a GPU could
    install it.

    Fails: `requirements-cpu.txt` in `backend/python/finch`, and only entries with a GPU in the matrix.

    Passes: the same, and an entry with `build-type: ''`.

    Files that no build type of the checkout reads are not looked at.

    Fix: add the matrix entries and the images of that hardware, or delete the file.
    """

    severity = Severity.info

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = PythonInstaller(registry.tree)
        read: dict[str, set[str]] = {}
        builds: dict[tuple[str, str], tuple[str, ...]] = {}
        for entry in (*registry.matrix.linux, *registry.matrix.darwin) if installer.names else ():
            key = (entry.fields.get("build-type", ""), entry.fields.get("cuda-major-version", ""))
            if key not in builds:
                builds[key] = installer.specific(key[0], installer.profile(*key))
            read.setdefault(entry.backend, set()).update(builds[key])
        anywhere = {name for names in builds.values() for name in names}
        for backend, lang in registry.backends.items():
            if lang == "python" and backend in read:
                files = registry.files(backend)
                for name in sorted((anywhere & set(files.names)) - read[backend]):
                    yield self.finding(
                        Place(f"{files.path}/{name}"),
                        backend,
                        name,
                        f"no image of {backend} installs {name}",
                        "add the matrix entries and images of that hardware, or delete the file",
                    )


class MakefileTestTarget(Rule):
    """A backend whose `test` CI runs has no `test` rule in its Makefile.

    Why: GNU make has a built-in rule that makes a file `X` out of `X.sh`. Every Python backend has a
    `test.sh`; so without a rule, `make -C backend/python/finch test` copies it to a file called
    `test`, succeeds, and has tested nothing. LocalAI's `make test-extra` does that for
    faster-whisper and speaker-recognition.

    Fails: `$(MAKE) -C backend/python/finch test` in `test-extra`, and in the backend's Makefile only

        install:
                bash install.sh

    Passes: the same with

        .PHONY: test
        test: install
                bash test.sh

    Fix: add the rule, and list it in `.PHONY`.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        seen = set()
        for place, path in _tested(registry):
            name = path.rpartition("/")[2]
            if path in seen or registry.directory(name) != path:
                continue
            seen.add(path)
            files = registry.files(name)
            if files.has_make_rule("test"):
                continue
            if "test.sh" in files.names or "test" in files.names:
                message = f"`make -C {path} test` succeeds and tests nothing: its Makefile has no `test` rule"
            else:
                message = f"`make -C {path} test` fails: its Makefile has no `test` rule"
            yield self.finding(
                place,
                name,
                f"test rule of {path}",
                message,
                f"add to {path}/Makefile: `.PHONY: test`, `test:`, and the recipe `bash test.sh`",
            )


class BuildTargetMissing(Rule):
    """A backend's Makefile lacks a target that the build of its image calls.

    Why: the Dockerfiles and `scripts/build/*-darwin.sh` are shared, and call `build` and `clean` in
    the directory of whichever backend they build. Where the rule is missing, every such job fails:
    after LocalAI gave huggingface, local-store, piper and silero-vad a macOS entry, they built and
    then died at `make clean` (8989d2944, c0461f32a, a9267f391).

    Fails: a Darwin matrix entry for lark, and no `clean:` in its Makefile, while golang-darwin.sh has

        make -C backend/go/${BACKEND} clean

    Passes:

        clean:
                rm -rf lark package

    Fix: add the rule.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            goals: dict[str, tuple[str, Entry]] = {}
            for entry in registry.matrix.entries_of(name):
                dockerfile = entry.fields.get("dockerfile", "") if entry.linux else None
                for goal, recipe in registry.builds.goals(lang, dockerfile):
                    goals.setdefault(goal, (recipe, entry))
            for goal, (recipe, entry) in goals.items():
                if not registry.files(name).has_make_rule(goal):
                    path = f"{registry.directory(name)}/Makefile"
                    yield self.finding(
                        Place(path) if registry.tree.read(path) is not None else entry,
                        name,
                        f"target {goal}",
                        f"{recipe} calls `make {goal}` here for {entry.tag_suffix}: there is no such rule",
                        f"add `{goal}:` to {path}",
                    )


class DarwinRunScript(Rule):
    """The start script of a backend that is shipped for macOS knows only Linux's libraries.

    Why: macOS ignores `LD_LIBRARY_PATH` and has no `.so` to load; the backend is installed and dies
    when it starts. LocalAI repaired 19 backends for it (#10481, #10488, #10523, #10525, #10528).

    A script that names no library at all is fine: a pure Go backend has none.

    Fails: a Darwin matrix entry, and in `run.sh`

        export LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"

    Passes:

        if [ "$(uname)" = "Darwin" ]; then
            export DYLD_LIBRARY_PATH="$CURDIR/lib:$DYLD_LIBRARY_PATH"
        else
            export LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"
        fi

    Fix: add the Darwin branch, with the `.dylib` where the script names a library file; make the
    program's own default `.dylib` there too.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for files, entry in _shipped_for_darwin(registry):
            spot = files.starts_linux_only
            if spot and not files.sets_rpath:
                more = files.packages_linux_only
                also = f"; {more.path}:{more.line} needs the .dylib too" if more else ""
                yield self.finding(
                    spot,
                    files.name,
                    "libraries in run.sh",
                    f"{entry.tag_suffix} is shipped for macOS, but run.sh knows only `{spot.text}`",
                    "add a branch for `uname` = Darwin that exports DYLD_LIBRARY_PATH"
                    f" (and the .dylib where a library is named){also}",
                )


class DarwinPackaging(Rule):
    """The packaging of a backend that is shipped for macOS knows only Linux's libraries.

    Why: the build makes a `.dylib`, `package.sh` copies `*.so`: the image has no library, or the
    script ends in "could not detect architecture". LocalAI repaired it for parakeet-cpp and its
    siblings (#10481), opus (#10523), piper (#10525) and silero-vad (#10528).

    Where `run.sh` has the same flaw, darwin-run-script reports both as one. A backend with a
    `scripts/build/<name>-darwin.sh` is packaged by that script.

    Fails: a Darwin matrix entry, and in `package.sh`

        cp -fv "$CURDIR"/libfinch.so "$CURDIR/package/lib/"

    Passes:

        cp -fv "$CURDIR"/libfinch.so "$CURDIR/package/lib/" 2>/dev/null || true
        cp -fv "$CURDIR"/libfinch.dylib "$CURDIR/package/lib/" 2>/dev/null || true

    Fix: copy the `.dylib` too, and fail only where neither is there.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for files, entry in _shipped_for_darwin(registry):
            spot = files.packages_linux_only
            if spot and not files.starts_linux_only:
                yield self.finding(
                    spot,
                    files.name,
                    f"libraries in {spot.path}",
                    f"{entry.tag_suffix} is shipped for macOS, but {spot.path} knows only `{spot.text}`",
                    "copy the .dylib as well as the .so, and fail only where neither is there",
                )


class BuildTypeUnhandled(Rule):
    """The matrix builds an image for hardware that the backend's own build does nothing for.

    Why: a `BUILD_TYPE` that no line of the Makefile tells from others gives the default build: a CPU
    library in an image that is named, listed and chosen as a GPU image. Nobody sees it but users who
    wonder about the speed. LocalAI builds SYCL images of five ggml backends like this: ced,
    face-detect, moss-transcribe-cpp, parakeet-cpp, voice-detect.

    On macOS ggml chooses Metal by itself. An engine that has options of its own in front of ggml's
    (`-DFINCH_GGML_CUDA=ON`) does not: parakeet-cpp's macOS image was for the CPU until #11492.

    Read are the Makefile with its includes, CMake files, build scripts, the scripts that the backend's
    own Dockerfile runs, and a neighbour whose sources are borrowed. A build type that is handed on to
    an upstream's Makefile is taken to be handled there. Python has matrix-no-requirements instead.

    Fails: `build-type: 'vulkan'` in the matrix, and

        ifeq ($(BUILD_TYPE),cublas)
            CMAKE_ARGS+=-DGGML_CUDA=ON
        endif

    Passes: the same with

        else ifeq ($(BUILD_TYPE),vulkan)
            CMAKE_ARGS+=-DGGML_VULKAN=ON

    Fix: add the branch, or drop the matrix entry and its images.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            if lang not in NATIVE:
                continue
            files = registry.files(name)
            if not files.build_files:
                continue
            wanted: dict[str, list[str]] = {}
            for entry in registry.matrix.entries_of(name):
                kind = entry.fields.get("build-type", "")
                told = entry.linux or (kind == "metal" and files.has_gated_options)
                if kind and told and kind not in wanted.setdefault(kind.partition("_")[0], []):
                    wanted[kind.partition("_")[0]].append(kind)
            for family, kinds in wanted.items():
                silent = sorted(kind for kind in kinds if not files.builds_for(kind))
                if silent:
                    yield self.finding(
                        files.build_type_place,
                        name,
                        f"build type {family}",
                        f"nothing here is done for BUILD_TYPE {_some(silent)}, which the matrix builds: "
                        "the image has the CPU build",
                        f"add `else ifeq ($(BUILD_TYPE),{silent[0]})` with the engine's options, "
                        "or drop the matrix entries and their images",
                    )


RENAMED = {
    "GGML_HIPBLAS": "GGML_HIP",
    "GGML_CUBLAS": "GGML_CUDA",
    **{f"{old}_{name}": "GGML_CUDA" for old in ("LLAMA", "WHISPER") for name in ("CUBLAS", "CUDA")},
    **{f"{old}_HIPBLAS": "GGML_HIP" for old in ("LLAMA", "WHISPER")},
    **{f"WHISPER_{name}": f"GGML_{name}" for name in ("METAL", "VULKAN", "SYCL")},
    **{
        f"LLAMA_{name}": f"GGML_{name}"
        for name in (
            "METAL", "METAL_EMBED_LIBRARY", "VULKAN", "SYCL", "SYCL_F16", "BLAS", "NATIVE", "RPC",
            "AVX", "AVX2", "AVX512", "FMA", "F16C",
        )
    },
}  # fmt: skip
"""Option that ggml, llama.cpp and whisper.cpp no longer read -> the one that they read."""

HARDWARE = {
    "GGML_HIP": ("hipblas",),
    "GGML_CUDA": ("cublas", "l4t"),
    "GGML_VULKAN": ("vulkan",),
    "GGML_SYCL": ("sycl_f16", "sycl_f32", "intel"),
    "GGML_SYCL_F16": ("sycl_f16",),
}
"""Option -> the build types that are nothing without it."""


class BuildFlagObsolete(Rule):
    """A build sets an option that its engine no longer reads.

    Why: CMake ignores an option that nobody declares. When ggml renamed `GGML_HIPBLAS` to `GGML_HIP`,
    the ROCm images of four LocalAI backends became CPU images without one failing build (#10666), and
    new backends went on copying the old name from their neighbours.

    Fine where the new name stands beside the old one, for an old pin, and where the engine has an
    option of its own (`-DSD_HIPBLAS=ON`) that sets it. Only an info where the matrix has no image of
    that hardware.

    Fails:

        CMAKE_ARGS+=-DGGML_HIPBLAS=ON

    Passes:

        CMAKE_ARGS+=-DGGML_HIP=ON

    Fix: `check --fix` writes the new name. A build that was silently for the CPU becomes one for the
    GPU: it may need `CC`, `CXX` and `AMDGPU_TARGETS` as its neighbours set them.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in registry.backends:
            by_file: dict[tuple[str, str], list[Flag]] = {}
            for flag in registry.files(name).flags(RENAMED):
                if not _covered(flag):
                    by_file.setdefault((flag.spot.path, flag.spot.text), []).append(flag)
            for (path, old), flags in by_file.items():
                new = RENAMED[old]
                built = {e.fields.get("build-type", "") for e in registry.matrix.entries_of(name)}
                matters = new not in HARDWARE or not built.isdisjoint(HARDWARE[new])
                yield self.finding(
                    flags[0].spot,
                    name,
                    f"{old} in {path}",
                    f"{old} is not read by the engine any more; it reads {new}",
                    f"write {new}",
                    severity=None if matters else Severity.info,
                    fix=_rename([flag.spot for flag in flags], new) if flags[0].text.is_utf8 else None,
                )


class RustStubMissing(Rule):
    """A Rust backend does not implement an RPC of the service.

    Why: tonic's service trait has no default methods: a new RPC in `backend/backend.proto` breaks the
    build of every Rust backend, in a workflow that the pull request does not run. LocalAI repaired
    kokoros seven times for it (#9422, #9499, #9682, #9972, #10547, #10612, #11414).

    Fails: `rpc Depth(DepthRequest) returns (DepthResponse) {}` in the proto, and no

        async fn depth(&self, request: Request<DepthRequest>) -> ...

    Passes: the method, or in `build.rs`

        tonic_build::configure().generate_default_stubs(true)

    Fix: implement the method with `Err(Status::unimplemented("..."))`, or let tonic generate it.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            service = registry.files(name).rust_service if lang == "rust" else None
            if service is None or service.complete:
                continue
            written = {method.replace("_", "").lower() for method in service.methods}
            for rpc in service_rpcs(registry.tree):
                if rpc.lower() not in written:
                    yield self.finding(
                        service.place,
                        name,
                        f"rpc {rpc}",
                        f"RPC {rpc} of {PROTO} is not implemented: this does not compile",
                        f'add a method for {rpc} that returns Err(Status::unimplemented("{rpc}")), '
                        "or generate_default_stubs(true) in build.rs",
                    )


class BumpPinElsewhere(Rule):
    """An upstream is pinned where the bump bot does not look.

    Why: `bump_deps.sh` rewrites `VAR?=<sha>` in a Makefile. A commit or version that an `install.sh`
    or a CMake file fetches stays as it is until somebody remembers it: LocalAI's neutts has been at
    the same commit since February 2026 (94df096fb).

    Fine where a workflow names the file and the variable (LocalAI bumps one by a script of its own),
    and where a comment at the pin says that it is held on purpose.

    Fails: in `install.sh`

        git checkout 1737487debe5b40a0bb97875edce8c66b391722b

    Passes: in the Makefile, with an entry in `bump_deps.yaml`,

        FINCH_VERSION?=1737487debe5b40a0bb97875edce8c66b391722b

    Fix: move the pin to the backend's Makefile and register it; or write above it why it is held:
    `# held: ...`, `# bump deliberately: ...`.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        source = registry.bump_deps.source
        bumped = source.data.decode(errors="replace") if source else ""
        for name in registry.backends:
            files = registry.files(name)
            for pin in files.pins:
                own_script = pin.variable and f"{pin.spot.path} {pin.variable}" in bumped
                if own_script or pin.held:
                    continue
                what = pin.repository.removesuffix(".git").partition("://")[2] or "an upstream"
                yield self.finding(
                    pin.spot,
                    name,
                    f"pin of {pin.repository or pin.variable or 'an upstream'} in {pin.spot.path}",
                    f"{what} is pinned to {pin.spot.text[:12]} where no bump reaches it",
                    f"move it to {files.path}/Makefile as `<NAME>_VERSION?=` with an entry in "
                    f"{registry.bump_deps.path}, or write a comment above it that says why it is held",
                )


class _RunQuoting(Rule):
    """What python-run-quoting and native-run-quoting share."""

    severity = Severity.info
    fixable = True

    @property
    @abstractmethod
    def langs(self) -> tuple[str, ...]:
        """The languages whose scripts it looks at."""

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            spots = registry.files(name).unquoted if lang in self.langs else ()
            if spots:
                script = registry.files(name).run_script
                words = list(dict.fromkeys(spot.text for spot in spots))
                yield self.finding(
                    spots[0],
                    name,
                    "quoting in run.sh",
                    f"breaks where the path has a space: {_some([f'`{word}`' for word in words])} unquoted",
                    f'write `"{words[0]}"`' + (", and so for the others" if len(words) > 1 else ""),
                    fix=_quote(spots) if script and script.is_utf8 else None,
                )


class PythonRunQuoting(_RunQuoting):
    """The start script of a Python backend breaks in a folder with a space in its name.

    Why: backends live below the user's data folder: on macOS that is `Application Support`. Unquoted,
    `$(dirname $0)` splits there and the backend ends with code 127 (LocalAI #10519 repaired the others,
    35 Python backends still have it). An unquoted `$@` splits the arguments in the same way.

    Fails:

        backend_dir=$(dirname $0)
        source $backend_dir/common/libbackend.sh
        startBackend $@

    Passes:

        backend_dir=$(dirname "$0")
        source "$backend_dir"/common/libbackend.sh
        startBackend "$@"

    Fix: `check --fix` puts the quotes.
    """

    langs = ("python",)


class NativeRunQuoting(_RunQuoting):
    """The start script of a Go, C++ or Rust backend breaks in a folder with a space in its name.

    Why: backends live below the user's data folder: on macOS that is `Application Support`. Unquoted,
    `$CURDIR` splits there and the backend does not start; LocalAI repaired 26 scripts (74f07ecc3,
    #10519).

    Fails:

        exec $CURDIR/finch $@

    Passes:

        exec "$CURDIR"/finch "$@"

    Fix: `check --fix` puts the quotes.
    """

    langs = NATIVE


class SignalShutdown(Rule):
    """A C++ server calls gRPC's `Shutdown` in a signal handler.

    Why: `Shutdown` takes a mutex, which a handler must not do: it may interrupt the thread that holds
    it. Of ten SIGTERMs to such a server, nine ended in abseil's "potential deadlock" abort and one in
    a hang; LocalAI's audio-cpp sets a flag instead and says why (#11141).

    Fails:

        void on_signal(int) { g_server->Shutdown(); }
        std::signal(SIGTERM, on_signal);

    Passes:

        void on_signal(int) { g_stop.store(true); }

        // in the main thread
        while (!g_stop.load()) std::this_thread::sleep_for(100ms);
        server->Shutdown(deadline);

    Fix: let the handler set a lock-free atomic, and call `Shutdown` in the thread that waits for it.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            for spot in registry.files(name).signal_shutdowns[:1] if lang == "cpp" else ():
                yield self.finding(
                    spot,
                    name,
                    f"Shutdown in the signal handler of {spot.path}",
                    "gRPC's Shutdown is called in a signal handler: it aborts or hangs on SIGTERM",
                    "set a std::atomic<bool> in the handler and call Shutdown in the main thread",
                )


def _tested(registry: Registry) -> Iterator[tuple[Place, str]]:
    """(place, backend directory) of every `make ... test` of the extra tests."""
    makefile = registry.makefile
    for target in ("test-extra", "prepare-test-extra"):
        rule = makefile.rule(target)
        for line in rule.recipe if rule and makefile.source else ():
            for _, path in test_calls(line.text.encode()):
                assert makefile.source
                yield makefile.source.place(line), path
    jobs = registry.test_jobs.source
    for offset, path in test_calls(jobs.data) if jobs else ():
        assert jobs
        yield jobs.place(offset), path


def _shipped_for_darwin(registry: Registry) -> Iterator[tuple[Directory, Entry]]:
    """Every native backend with a Darwin image, with its entry."""
    seen = set()
    for entry in registry.matrix.darwin:
        lang = registry.directories.get(entry.backend)
        if lang in NATIVE and entry.backend not in seen:
            seen.add(entry.backend)
            yield registry.files(entry.backend), entry


def _covered(flag: Flag) -> bool:
    """Whether the new option, or the engine's own for the same, is set beside an old one."""
    new = RENAMED[flag.spot.text]
    ends = (flag.spot.text.partition("_")[2], new.partition("_")[2])
    return new in flag.beside or any(
        "GGML" not in other and other.endswith(ends) and other not in RENAMED for other in flag.beside
    )


def _rename(spots: Sequence[Spot], new: str) -> Fix:
    def fix(changes: ChangeSet) -> None:
        changes.add(*(Edit(spot.path, spot.start, spot.end, new) for spot in spots))

    return fix


def _quote(spots: Sequence[Spot]) -> Fix:
    def fix(changes: ChangeSet) -> None:
        for spot in spots:
            changes.add(insertion(spot.path, spot.start, '"'), insertion(spot.path, spot.end, '"'))

    return fix


def _some(words: Sequence[str], limit: int = 3) -> str:
    """A list for people."""
    rest = len(words) - limit
    return ", ".join(words[:limit]) + (f" and {rest} more" if rest > 0 else "")
