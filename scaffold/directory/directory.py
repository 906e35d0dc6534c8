"""One backend's directory: what its Makefile, scripts, requirements and sources say.

A fact is read when a rule asks for it, and read once. Everything here is text of other people's
making: it is searched with linear expressions over bytes, nothing of it is executed, a file that is
not there says nothing and one that is no text says whatever its bytes happen to spell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.syntax.source import Place

COMMON_INSTALLER = "backend/python/common/libbackend.sh"
PROTO = "backend/backend.proto"
RUNTIME_SCRIPTS = ("run.sh", "test.sh", "package.sh")
"""Scripts that build nothing: the start, the tests, and what copies a finished build together."""
MAX_NESTING = 40
MAX_BYTES = 1 << 20
"""No script or source that a person wrote is longer; a longer one is taken to be absent."""

_HASH_COMMENT = re.compile(rb"[\s;]#[^\n]*")
_C_COMMENT = re.compile(rb"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")
_CONTINUATION = re.compile(rb"\\\r?\n")
_SHA = re.compile(rb"(?<![0-9a-zA-Z])[0-9a-f]{40}(?![0-9a-zA-Z])")


class Spot(NamedTuple):
    """A few bytes of a file."""

    path: str
    line: int
    start: int
    end: int
    text: str


class Text:
    """One file. `code` is its content with every comment blanked: offsets are the same in both."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def code(self) -> bytes:
        """The content without `#` comments."""
        if b"#" not in self.data:
            return self.data
        blank = _HASH_COMMENT.sub(lambda found: found[0][:1] + b" " * (len(found[0]) - 1), b"\n" + self.data)
        return blank[1:]

    @cached_property
    def joined(self) -> bytes:
        """`code` with continued lines as one; the offsets stay."""
        return _CONTINUATION.sub(lambda found: b" " * len(found[0]), self.code)

    @cached_property
    def targets(self) -> frozenset[str]:
        """The words that a Makefile's rules are for."""
        rules = _RULE.finditer(self.code)
        return frozenset(word for rule in rules for word in rule[1].decode(errors="replace").split())

    @cached_property
    def is_utf8(self) -> bool:
        """Whether it can be edited as text."""
        try:
            self.data.decode()
        except UnicodeDecodeError:
            return False
        return True

    def place(self, offset: int) -> Place:
        """The line of an offset."""
        return Place(self.path, self.data.count(b"\n", 0, offset) + 1)

    def spot(self, start: int, end: int) -> Spot:
        """The bytes between two offsets."""
        line = self.data.count(b"\n", 0, start) + 1
        return Spot(self.path, line, start, end, self.data[start:end].decode(errors="replace"))

    def first(self, pattern: re.Pattern[bytes]) -> Spot | None:
        """The first match in the code."""
        found = pattern.search(self.code)
        return self.spot(found.start(), found.end()) if found else None

    def comment_above(self, offset: int) -> str:
        """The comment on the line of `offset` and the comment lines right above it."""
        start = self.data.rfind(b"\n", 0, offset) + 1
        end = self.data.find(b"\n", offset)
        lines = [self.data[offset : end if end >= 0 else len(self.data)].partition(b"#")[2]]
        while start:
            above = self.data.rfind(b"\n", 0, start - 1) + 1
            line = self.data[above:start].strip()
            if not line.startswith(b"#"):
                break
            lines.insert(0, line.lstrip(b"# "))
            start = above
        return b" ".join(lines).decode(errors="replace")


class Pin(NamedTuple):
    """A commit or version of an upstream, written into a script or a CMake file."""

    spot: Spot
    variable: str
    """The variable that holds it; "" where the command names it itself."""
    repository: str
    """The URL of the upstream; "" where the file does not say it beside the pin."""
    held: bool
    """Whether a comment at the pin says that it stays on purpose."""


class Flag(NamedTuple):
    """One `-DNAME=...` (or `set(NAME ...)`) of a build file."""

    spot: Spot
    """The name alone."""
    text: Text
    beside: frozenset[str]
    """The names of the other flags that the same statement sets."""


class RustService(NamedTuple):
    """A tonic service: `impl Backend for ...`."""

    place: Place
    methods: frozenset[str]
    complete: bool
    """Whether missing methods are generated, by tonic or by a macro in the block."""


class Directory:
    """`backend/<lang>/<name>`."""

    def __init__(self, tree: Tree, name: str, path: str, lang: str) -> None:
        self.tree = tree
        self.name = name
        self.path = path
        self.lang = lang
        self._texts: dict[str, Text | None] = {}

    def at(self, path: str) -> Text | None:
        """A file of the repository; None where there is none."""
        if path not in self._texts:
            data = self.tree.read(path)
            self._texts[path] = Text(path, data) if data is not None and len(data) <= MAX_BYTES else None
        return self._texts[path]

    def text(self, name: str) -> Text | None:
        """A file of the directory."""
        return self.at(f"{self.path}/{name}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of what it holds."""
        return tuple(self.tree.list(self.path)) if self.path else ()

    # --- start and packaging -----------------------------------------------------------------

    @property
    def run_script(self) -> Text | None:
        """What LocalAI starts."""
        return self.text("run.sh")

    @cached_property
    def darwin_package_script(self) -> Text | None:
        """What assembles the Darwin image: a script for this backend alone, else the one for Linux too."""
        return self.at(f"scripts/build/{self.name}-darwin.sh") or self.text("package.sh")

    @cached_property
    def starts_linux_only(self) -> Spot | None:
        """Where run.sh names Linux's libraries or their search path, if it names none of macOS."""
        return _linux_only(self.run_script)

    @cached_property
    def packages_linux_only(self) -> Spot | None:
        """Where the Darwin image's packaging copies Linux's libraries, if macOS has nothing in place of them.

        Its own libraries need a `.dylib`; those of the system only a branch that leaves them alone.
        """
        script = self.darwin_package_script
        if script is None or _MAC_LIBRARIES.search(script.code):
            return None
        knows_darwin = b"Darwin" in script.code
        for line in _LINE_WITH_SO.finditer(script.code):
            of_system = _SYSTEM_LIBRARY.search(line[0])
            if not (of_system and knows_darwin):
                start = line.start() + line[0].index(b".so")
                return script.spot(start, start + 3)
        return None

    @cached_property
    def sets_rpath(self) -> bool:
        """Whether the packaging writes a search path into the macOS binary itself."""
        script = self.darwin_package_script
        return script is not None and b"-add_rpath" in script.code

    @cached_property
    def unquoted(self) -> tuple[Spot, ...]:
        """The expansions of run.sh that the shell splits although they hold a path or the arguments."""
        script = self.run_script
        if script is None:
            return ()
        return tuple(script.spot(start, end) for start, end in unquoted_expansions(script.data))

    # --- Makefile ----------------------------------------------------------------------------

    @cached_property
    def makefiles(self) -> tuple[Text, ...]:
        """The Makefile and what it includes by a plain relative path."""
        found: list[Text] = []
        pending = [f"{self.path}/Makefile"]
        while pending and len(found) < MAX_NESTING:
            text = self.at(pending.pop())
            if text is None or text in found:
                continue
            found.append(text)
            for match in _INCLUDE.finditer(text.code):
                for word in match[1].decode(errors="replace").split():
                    if "$" not in word and not word.startswith("/"):
                        pending.append(_normal(f"{PurePosixPath(text.path).parent}/{word}"))
        return tuple(found)

    def has_make_rule(self, target: str) -> bool:
        """Whether the Makefile has a rule for `target`, or may have one that is not read here."""
        return any(
            target in text.targets or "%" in text.targets or _INCLUDE_VARIABLE.search(text.code)
            for text in self.makefiles
        )

    # --- native builds -----------------------------------------------------------------------

    @cached_property
    def build_files(self) -> tuple[Text, ...]:
        """What decides how the native part is built: Makefile, CMake files, scripts, also Docker's.

        Of Docker's scripts those that name the directory: the others install what all backends need.
        """
        found = [*self.makefiles]
        for name in self.names:
            script = name.endswith(".sh") and name not in RUNTIME_SCRIPTS
            if script or name == "CMakeLists.txt" or name.endswith(".cmake"):
                text = self.text(name)
                found += [text] if text else []
        docker = self.at(f"backend/Dockerfile.{self.name}")
        if docker:
            found.append(docker)
            names = {m[0].decode() for m in _DOCKER_SCRIPT.finditer(docker.code)}
            scripts = [text for name in sorted(names) if (text := self.at(name))]
            found += [text for text in scripts if self.path.encode() in text.code]
        return tuple(found)

    @cached_property
    def borrowed(self) -> tuple[Directory, ...]:
        """Neighbours whose sources this one copies and builds (`../llama-cpp`)."""
        parent = self.path.rpartition("/")[0]
        names = {
            match[1].decode(errors="replace")
            for text in self.makefiles
            for match in _BESIDE.finditer(text.code)
        }
        return tuple(
            Directory(self.tree, name, f"{parent}/{name}", self.lang)
            for name in sorted(names - {self.name})
            if self.tree.read(f"{parent}/{name}/Makefile") is not None
        )

    @cached_property
    def _lacks_neighbour(self) -> bool:
        """Whether a variable of its Makefiles holds the folder of a neighbour that is not there."""
        parent = self.path.rpartition("/")[0]
        found = (match for text in self.makefiles for match in _NEIGHBOUR.finditer(text.code))
        return any(not self.tree.is_dir(f"{parent}/{match[1].decode(errors='replace')}") for match in found)

    def builds_for(self, build_type: str, deep: bool = True) -> bool:
        """Whether some build file tells `build_type` from others, or hands it on to what is not read here."""
        family = build_type.partition("_")[0].encode()
        word = _build_type_word(build_type)
        if any(family in code and word.search(code) for code in self._build_code):
            return True
        # What is handed on to a neighbour's copy is read there, if it is there.
        if self._lacks_neighbour:
            return True
        neighbours = [n for n in self.borrowed if n.tells_build_types] if deep else []
        if neighbours:
            return any(neighbour.builds_for(build_type, deep=False) for neighbour in neighbours)
        return self._hands_on_build_type

    @cached_property
    def tells_build_types(self) -> bool:
        """Whether its Makefile has a branch for some build type."""
        return any(_BUILD_TYPE_BRANCH.search(text.code) for text in self.makefiles)

    @cached_property
    def _build_code(self) -> tuple[bytes, ...]:
        """The code of the build files that can tell build types apart."""
        found = []
        for text in self.build_files:
            if text.path.startswith("backend/Dockerfile"):
                found.append(b"\n".join(line for line in text.joined.split(b"\n") if b"cmake" in line))
            elif not text.path.endswith(".sh") or _COMPILES.search(text.code):
                found.append(text.joined)
        return tuple(found)

    @cached_property
    def _hands_on_build_type(self) -> bool:
        """Whether the Makefile gives the build type, whatever it is, to what is not read here."""
        return any(_HANDS_ON.search(text.joined) for text in self.makefiles)

    @cached_property
    def build_type_place(self) -> Place:
        """Where the Makefile tells build types apart, its last such line; else its first line."""
        makefile = self.text("Makefile")
        if makefile is None:
            return Place(f"{self.path}/Makefile")
        found = [match.start() for match in _BUILD_TYPE_TEST.finditer(makefile.code)]
        return makefile.place(found[-1] if found else 0)

    def flags(self, names: Iterable[str]) -> Iterator[Flag]:
        """Every place where a build file sets one of some CMake options."""
        wanted = _flag_pattern(frozenset(names))
        scripts = [self.text("install.sh")] if self.lang == "python" else self.build_files
        for text in scripts:
            for match in wanted.finditer(text.code) if text else ():
                assert text
                if not _SETS.search(text.code, max(match.start() - 12, 0), match.start()):
                    continue
                start = text.joined.rfind(b"\n", 0, match.start()) + 1
                end = text.joined.find(b"\n", match.end())
                line = text.joined[start : end if end >= 0 else len(text.joined)]
                beside = {m[1].decode() for m in _DEFINE.finditer(line)}
                spot = text.spot(match.start(), match.end())
                yield Flag(spot, text, frozenset(beside - {spot.text}))

    @cached_property
    def has_gated_options(self) -> bool:
        """Whether the engine has options of its own in front of ggml's, whose defaults then do not count."""
        return any(_GATED.search(text.joined) for text in self.makefiles)

    @cached_property
    def rpcs(self) -> frozenset[str]:
        """The methods that its sources define in the way in which a server defines an RPC."""
        pattern = _RPC_METHODS.get(self.lang)
        found: set[str] = set()
        for name in self.names if pattern else ():
            if name.endswith(_SOURCE_ENDINGS) and not re.search(r"^test|_test\.|_pb2", name):
                text = self.text(name)
                assert pattern
                found.update(m[1].decode() for m in pattern.finditer(text.data if text else b""))
        return frozenset(found)

    # --- pins --------------------------------------------------------------------------------

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """Upstreams that a shell script or a CMake file of the directory fetches at a fixed version."""
        found: list[Pin] = []
        for name in self.names:
            if name.endswith(".sh") and name not in RUNTIME_SCRIPTS:
                text = self.text(name)
                found += _shell_pins(text) if text else []
            elif name == "CMakeLists.txt" or name.endswith(".cmake"):
                text = self.text(name)
                found += _cmake_pins(text) if text else []
        return tuple(found)

    # --- python ------------------------------------------------------------------------------

    def packages(self, names: Iterable[str]) -> frozenset[str]:
        """The packages that some requirements files name."""
        texts = [self.text(name) for name in names if name in self.names]
        return frozenset(package for text in texts if text for package in _packages(text.code))

    def installs_itself(self, words: frozenset[str]) -> bool:
        """Whether install.sh installs packages in a branch of its own for one of `words`, or always."""
        script = self.text("install.sh")
        if script is None or b"installRequirements" not in script.code:
            return True
        return any(
            _word_pattern(words).search(condition) and _INSTALLS.search(body)
            for condition, body in _branches(script.code)
        )

    # --- C++ and Rust ------------------------------------------------------------------------

    @cached_property
    def signal_shutdowns(self) -> tuple[Spot, ...]:
        """The calls of `Shutdown` that a C++ signal handler makes, itself or by what it calls."""
        found: list[Spot] = []
        for name in self.names:
            if name.endswith((".cpp", ".cc", ".cxx")):
                text = self.text(name)
                if text and b"Shutdown" in text.data and (b"signal(" in text.data or b"sa_" in text.data):
                    found += _shutdowns(text)
        return tuple(found)

    @cached_property
    def rust_service(self) -> RustService | None:
        """The implementation of the gRPC service."""
        build = self.text("build.rs")
        generated = bool(build and _DEFAULT_STUBS.search(_blank_c_comments(build.data)))
        for path in self.tree.files(f"{self.path}/src"):
            text = self.at(path) if path.endswith(".rs") else None
            if text is None or b"Backend for" not in text.data:
                continue
            code = _blank_c_comments(text.data)
            head = _RUST_SERVICE.search(code)
            if head is None:
                continue
            end = code.find(b"\n}", head.end())
            block = code[head.end() : end if end >= 0 else len(code)]
            methods = frozenset(m[1].decode() for m in _RUST_METHOD.finditer(block))
            complete = generated or bool(_RUST_MACRO.search(block))
            return RustService(text.place(head.start()), methods, complete)
        return None


class PythonInstaller:
    """`installRequirements` of a checkout: which requirements files a build reads."""

    def __init__(self, tree: Tree) -> None:
        data = tree.read(COMMON_INSTALLER)
        self.code = Text(COMMON_INSTALLER, data).code if data else b""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The file names that it tries, with the shell's variables in them."""
        _, _, body = self.code.partition(b"installRequirements()")
        return tuple(dict.fromkeys(m[0].decode() for m in _REQUIREMENTS.finditer(body.partition(b"\n}")[0])))

    def profile(self, build_type: str, cuda_major: str) -> str:
        """`BUILD_PROFILE` of a build."""
        if build_type == "cublas" or (build_type == "l4t" and b"l4t" in self.code):
            return f"{build_type}{cuda_major}"
        if build_type.startswith(("intel", "sycl")):
            return "intel"
        return build_type or "cpu"

    def specific(self, build_type: str, profile: str) -> tuple[str, ...]:
        """The files that only such a build reads, in the order in which they are tried."""
        found = []
        for name in self.names:
            filled = re.sub(r"\$\{BUILD_TYPE[^}]*\}|\$BUILD_TYPE\b", build_type, name)
            filled = re.sub(r"\$\{BUILD_PROFILE[^}]*\}|\$BUILD_PROFILE\b", profile, filled)
            if filled == name and ("cpu" not in name or build_type):
                continue
            if "-.txt" not in filled and "--" not in filled and "$" not in filled:
                found.append(filled)
        return tuple(dict.fromkeys(found))

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The files that every build reads."""
        return tuple(name for name in self.names if "$" not in name and "cpu" not in name)


def service_rpcs(tree: Tree) -> tuple[str, ...]:
    """The RPCs of the service that every backend implements."""
    code = _blank_c_comments(tree.read(PROTO) or b"")
    return tuple(match[1].decode() for match in re.finditer(rb"\brpc\s+(\w+)\s*\(", code))


def test_calls(data: bytes) -> Iterator[tuple[int, str]]:
    """(offset, backend directory) of every `make -C backend/... test` in a recipe or a workflow."""
    if b"backend/" not in data:
        return
    for match in _MAKE_TEST.finditer(data):
        goals = re.split(rb"&&|\|\||[;|#]", match[2])[0].split()
        before = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if b"test" in goals and b"#" not in before and b"echo" not in before:
            yield match.start(1), match[1].decode(errors="replace")


def _linux_only(script: Text | None) -> Spot | None:
    if script is None or _MAC_LIBRARIES.search(script.code):
        return None
    return script.first(_LINUX_LIBRARIES)


_INCLUDE = re.compile(rb"(?m)^ *-?s?include[ \t]+([^\n]*)")
_INCLUDE_VARIABLE = re.compile(rb"(?m)^ *-?s?include[ \t]+[^\n]*\$")
_RULE = re.compile(rb"(?m)^([^\t\n#:=]+):(?![=:]*=)")
_LINUX_LIBRARIES = re.compile(rb"(?<!DY)LD_LIBRARY_PATH|\.so\b")
_MAC_LIBRARIES = re.compile(rb"\bDYLD_|dylib|@loader_path|-add_rpath")
_LINE_WITH_SO = re.compile(rb"(?m)^[^\n]*?\.so\b[^\n]*")
_SYSTEM_LIBRARY = re.compile(rb"(?<![\w}])/(?:usr/)?lib(?:64)?/")
_MAKE_TEST = re.compile(rb"-C[ \t]+(?:\./)?(backend/[\w.-]+/[\w.-]+)/?([^\n]*)")
_DOCKER_SCRIPT = re.compile(rb"\.docker/[\w.-]+\.sh")
_BESIDE = re.compile(rb"\.\./([A-Za-z0-9][\w.-]*)")
_NEIGHBOUR = re.compile(rb"(?m)^\w+[ \t]*[:?]?=.*/\.\./([A-Za-z0-9][\w.-]*)[ \t]*$")
_GATED = re.compile(rb"-D[A-Z0-9]+_GGML_(?:CUDA|HIP|HIPBLAS|VULKAN)=")
_RPC_METHODS = {
    "python": re.compile(rb"(?m)^[ \t]+(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\([ \t]*self[ \t]*,[ \t]*request"),
    "go": re.compile(rb"(?m)^func[ \t]*\([^)\n]*\)[ \t]*([A-Z]\w*)\("),
    "cpp": re.compile(rb"\bStatus[ \t]+(\w+)[ \t]*\([^){};]{0,40}(?:ServerContext|CallbackServerContext)"),
}
_SOURCE_ENDINGS = (".py", ".go", ".cpp", ".cc")
_BUILD_TYPE_TEST = re.compile(rb"(?m)^[ \t]*(?:(?:else[ \t]+)?if\w*\b[^\n]*)?BUILD_TYPE")
_BUILD_TYPE_BRANCH = re.compile(rb"(?m)^[ \t]*(?:else[ \t]+)?if\w*\b[^\n]*BUILD_TYPE")
_COMPILES = re.compile(rb"cmake|-D[A-Z]|CMAKE_ARGS|make ")
_HANDS_ON = re.compile(
    rb"-DBUILD_TYPE\b"
    rb"|(?m:^(?![^\n]*(?:\becho\b|\bif\w*\b|\bcase\b|\[|\binfo\b))[^\n]*\$[({]BUILD_TYPE)"
    rb"|(?:\$\(MAKE\)|\bmake)[^\n]{0,200}?-C[ \t]+sources/"
    rb"|\bifneq[ \t]*\(\$[({]BUILD_TYPE[)}],[ \t]*\)"
)
_SETS = re.compile(rb"(?:-D[ \t]*|\bset[ \t]*\([ \t]*)\Z")
_DEFINE = re.compile(rb"-D[ \t]*(\w+)(?=[=:])")
_REQUIREMENTS = re.compile(rb"requirements(?:-(?:[\w-]|\$\{[^}\s]*\}|\$\w++)++)?\.txt")
_INSTALLS = re.compile(rb"\bpip3?[ \t]+install\b")
_DEFAULT_STUBS = re.compile(rb"generate_default_stubs\s*\(\s*true")
_RUST_SERVICE = re.compile(rb"\bimpl\s+(?:\w+::)*Backend\s+for\s+[\w:]++[^{;]{0,500}\{")
_RUST_METHOD = re.compile(rb"\bfn\s+(\w+)")
_RUST_MACRO = re.compile(rb"(?m)^[ \t]{0,4}\w+![ \t]*[{(\[]")
_VERSION_NAME = re.compile(rb"VERSION|COMMIT|REVISION|(?:^|_)(?:SHA|REV|REF|TAG|PIN)(?:$|_)")
_VERSION = re.compile(rb"v?\d+\.\d+(?:\.\d+)*(?:[-.+]?[A-Za-z][\w.]*)?|[0-9a-f]{40}")
_ASSIGNMENT = re.compile(
    rb"""(?m)^[ \t]*(?:export[ \t]+|local[ \t]+)?(\w+)=["']?"""
    rb"""(?:\$\{\w+:[-=])?([^\s"'}]+)\}?["']?[ \t]*(?=[;\n#]|$)"""
)
_CLONE = re.compile(rb"\bgit[ \t]+clone\b([^\n;|]*)")
_BRANCH = re.compile(rb"""(?:--branch[= \t]|-b[ \t])[ \t]*["']?([^\s"']+)""")
_CHECKOUT = re.compile(rb"""\bgit\b[^\n;|&]{0,80}?\b(?:checkout|reset|fetch)\b([^\n;|&]*)""")
_URL = re.compile(rb"https?://[^\s\"'$]+")
_ARCHIVE = re.compile(rb"https?://[^\s\"'$]{1,200}?/(?:archive|tarball|zipball)/([0-9a-f]{40})")
_HELD = re.compile(
    r"(?i)\b(?:held|hold|deliberate\w*|on purpose|intentional\w*|(?:do not|don't|never) bump)\b"
)
_GIT_TAG = re.compile(rb"""\bGIT_TAG\s+["']?([^\s"')]+)""")
_GIT_REPOSITORY = re.compile(rb"""\bGIT_REPOSITORY\s+["']?([^\s"')]+)""")
_SIGNAL = re.compile(rb"signal\s*\(\s*\w+\s*,\s*(?:(?:&\s*)?(?P<name>\w+)\s*\)|(?P<lambda>\[))")
_SIGACTION = re.compile(rb"sa_(?:handler|sigaction)\s*=\s*&?(?P<name>\w+)(?P<lambda>)")
_IDENTIFIER = re.compile(rb"\w")
_CALLED = re.compile(rb"(?<![\w.>:])(\w+)\s*\(")
_KEYWORDS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"catch"})
_SHUTDOWN = re.compile(rb"(?:->|\.)\s*Shutdown\s*\(")


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


@cache
def _build_type_word(build_type: str) -> re.Pattern[bytes]:
    """A build type as a word, or a pattern that matches it: `sycl_f16`, `sycl_%`, `sycl*`, `sycl`."""
    family, _, rest = build_type.partition("_")
    tail = rf"(?:_{re.escape(rest)}|_?[%*]|(?!\w))" if rest else r"(?!\w)"
    return re.compile(rf"(?<![\w./-]){re.escape(family)}{tail}".encode())


@cache
def _flag_pattern(names: frozenset[str]) -> re.Pattern[bytes]:
    choice = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.compile(rf"(?:{choice})(?!\w)".encode())


@cache
def _word_pattern(words: frozenset[str]) -> re.Pattern[bytes]:
    choice = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9_])x?(?:{choice})(?!\w)".encode())


def _packages(code: bytes) -> frozenset[str]:
    """The packages that a requirements file names."""
    found = set()
    for line in code.decode(errors="replace").splitlines():
        line = line.strip()
        name = re.match(r"(?:\w+\+)?https?://\S+|[A-Za-z0-9][\w.-]*", line)
        if name:
            found.add(re.sub(r"[-_.]+", "-", name[0].lower()))
    return frozenset(found)


def _branches(code: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(condition, body) of every `if` and `elif` of a script, nested ones on their own."""
    opened: list[tuple[bytes, list[bytes]]] = []
    for line in code.split(b"\n"):
        word = re.match(rb"[ \t]*(if|elif|else|fi)(?![\w-])", line)
        kind = word[1] if word else b""
        if kind in (b"elif", b"else", b"fi") and opened:
            condition, body = opened.pop()
            yield condition, b"\n".join(body)
        if kind in (b"if", b"elif", b"else") and len(opened) < MAX_NESTING:
            opened.append((line if kind != b"else" else b"", []))
        for _, body in opened:
            body.append(line)
    for condition, body in opened:
        yield condition, b"\n".join(body)


def _shell_pins(text: Text) -> Iterator[Pin]:
    """The pins of a shell script: what it clones by version, checks out or downloads by commit."""
    if b"git" not in text.code:
        return
    values = {m[1]: m for m in _ASSIGNMENT.finditer(text.code) if _VERSION.fullmatch(m[2].removeprefix(b"v"))}
    taken: set[int] = set()

    def pin(word: bytes, start: int, repository: bytes) -> Iterator[Pin]:
        variable = re.fullmatch(rb"v?\$\{?(\w+)\}?", word)
        held = values.get(variable[1]) if variable else None
        name = held[1].decode() if held else ""
        if held:
            start, word = held.start(2), held[2]
        if _VERSION.fullmatch(word) and start not in taken:
            taken.add(start)
            spot = text.spot(start, start + len(word))
            yield Pin(spot, name, repository.decode(errors="replace"), _is_held(text, start))

    nearest = b""
    for match in sorted(
        (*_CLONE.finditer(text.joined), *_CHECKOUT.finditer(text.joined)), key=lambda m: m.start()
    ):
        url = _URL.search(match[1])
        nearest = url[0] if url else nearest
        if match.re is _CLONE:
            branch = _BRANCH.search(match[1])
            if branch:
                yield from pin(branch[1], match.start(1) + branch.start(1), nearest)
            continue
        for word in re.finditer(rb"[^\s\"']+", match[1]):
            variable = word[0].startswith(b"$")
            if variable or _SHA.fullmatch(word[0]):
                yield from pin(word[0], match.start(1) + word.start(), nearest)
    for match in _ARCHIVE.finditer(text.code):
        yield from pin(match[1], match.start(1), match[0].rpartition(b"/")[0])
    for name, match in values.items():
        if _SHA.fullmatch(match[2]) and _VERSION_NAME.search(name):
            yield from pin(b"$" + name, match.start(2), b"")


def _cmake_pins(text: Text) -> Iterator[Pin]:
    """What `FetchContent` and `ExternalProject` fetch at a fixed version."""
    for match in _GIT_TAG.finditer(text.code):
        if _VERSION.fullmatch(match[1]):
            start = text.code.rfind(b"(", 0, match.start())
            repository = _GIT_REPOSITORY.search(text.code, max(start, 0), match.end() + 400)
            yield Pin(
                text.spot(match.start(1), match.end(1)),
                "",
                repository[1].decode(errors="replace") if repository else "",
                _is_held(text, match.start(1)),
            )


def _is_held(text: Text, offset: int) -> bool:
    return _HELD.search(text.comment_above(offset)) is not None


def _blank_c_comments(code: bytes) -> bytes:
    """`code` without `//` and `/* */` comments; offsets and lines stay."""
    return _C_COMMENT.sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), code)


def _shutdowns(text: Text) -> Iterator[Spot]:
    """The calls of `Shutdown` in the bodies of the registered signal handlers, and one call deeper."""
    seen: set[int] = set()
    for match in (*_SIGNAL.finditer(text.data), *_SIGACTION.finditer(text.data)):
        if match["lambda"]:
            opening = text.data.find(b"{", match.end())
            bodies = [_block(text.data, opening)] if opening >= 0 else []
        else:
            bodies = _bodies(text.data, match["name"])
        for start, body in bodies:
            called = sorted({c[1] for c in _CALLED.finditer(body)} - _KEYWORDS)
            deeper = [found for name in called[:20] for found in _bodies(text.data, name)]
            for begin, code in ((start, body), *deeper):
                for call in _SHUTDOWN.finditer(code):
                    if begin + call.start() not in seen:
                        seen.add(begin + call.start())
                        yield text.spot(begin + call.start(), begin + call.end())


def _bodies(data: bytes, name: bytes) -> list[tuple[int, bytes]]:
    """The bodies of the functions called `name` and of the lambdas assigned to it."""
    head = re.compile(
        re.escape(name) + rb"\s*(?:\([^;{})]{0,500}\)\s*(?:noexcept\s*)?"
        rb"|=\s*\[[^\]\n]*\]\s*(?:\([^)\n]*\))?[^;{]{0,40})\{"
    )
    return [
        _block(data, match.end() - 1)
        for match in head.finditer(data)
        if not _IDENTIFIER.fullmatch(data, match.start() - 1, match.start())
    ]


def _block(data: bytes, opening: int) -> tuple[int, bytes]:
    """(offset, code without comments) from an opening brace to the one that closes it."""
    code = _blank_c_comments(data[opening : opening + 20_000])
    depth = 0
    for brace in re.finditer(rb"[{}]", code):
        depth += 1 if brace[0] == b"{" else -1
        if depth == 0:
            return opening, code[: brace.end()]
    return opening, code


# --- the shell -----------------------------------------------------------------------------------

_PATH_VALUE = re.compile(r"dirname|realpath|readlink|BASH_SOURCE|\bpwd\b|\$0\b|\$PWD\b|\$\{PWD\}")
_PATH_ASSIGNMENT = re.compile(r"(?m)^[ \t]*(?:(?:export|local|readonly|declare)[ \t]+)?(\w+)=([^\n]*)")
_NAME = re.compile(r"[A-Za-z_]\w*|[@*#?$!0-9-]")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?")
_LITERAL = re.compile(r"[^\s;|&()<>\\'\"`$#=]+")
_IN_QUOTES = re.compile(r'["\\$]')
_HEREDOC = re.compile(r"<<-?[ \t]*[\"'\\]?(\w+)")
_DECLARATIONS = frozenset({"export", "local", "readonly", "declare", "typeset"})
_PATH_COMMANDS = ("dirname", "realpath", "readlink", "pwd", "cd ")


def path_variables(script: str) -> frozenset[str]:
    """The variables of a script that hold a path below the folder in which it stands."""
    assigned = [(match[1], match[2]) for match in _PATH_ASSIGNMENT.finditer(script)]
    found = {name for name, value in assigned if _PATH_VALUE.search(value)}
    for _ in range(4):
        more = {
            name
            for name, value in assigned
            if any(other in found for other in re.findall(r"\$\{?(\w+)", value))
        } - found
        if not more:
            break
        found |= more
    return frozenset(found)


@lru_cache(maxsize=128)
def unquoted_expansions(data: bytes) -> list[tuple[int, int]]:
    """(start, end) of every expansion of a path or of the arguments that the shell splits at spaces."""
    script = data.decode("latin-1")
    if "$" not in script:
        return []
    return sorted(_Shell(script).splitting)


class _Shell:
    """A walk over a shell script that knows where words are split; not a parser of the language."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.paths = path_variables(script)
        self.splitting: list[tuple[int, int]] = []
        self.heredocs: list[str] = []
        self.code(0, "", 0)

    def code(self, at: int, closing: str, depth: int) -> int:  # noqa: PLR0912
        """Walk commands from `at` until `closing`; the offset behind it."""
        script, end = self.script, len(self.script)
        word = ""  # what of the current word is literal
        started = False
        command = True  # whether the next word is a command or an assignment before one
        declares = tests = subject = assigning = False
        groups = 0

        while at < end:
            char = script[at]
            if char == closing and not groups:
                return at + 1
            if char in " \t\n;|&()<>":
                if started:
                    assigned = assigning
                    tests = (tests or word == "[[") and word != "]]"
                    subject = word == "case" or (subject and word != "in")
                    declares = declares or word in _DECLARATIONS
                    command = command and (assigned or word in _OPENERS)
                    word, started, assigning = "", False, False
                if char == "\n":
                    at = self.heredoc(at)
                if char in "\n;|&(":
                    command, declares, subject = True, False, False
                    tests = tests and char in "|&("
                groups += 1 if char == "(" else -1 if char == ")" and groups else 0
                if script.startswith("<<", at) and not script.startswith("<<<", at):
                    here = _HEREDOC.match(script, at)
                    if here:
                        self.heredocs.append(here[1])
                        at = here.end() - 1
                at += 1
            elif char == "#" and not started:
                newline = script.find("\n", at)
                at = end if newline < 0 else newline
            else:
                if char == "=" and (command or declares) and _ASSIGNS.fullmatch(word):
                    assigning = True
                splits = not (assigning or tests or subject)
                literal = _LITERAL.match(script, at)
                if literal:
                    word, at = word + literal[0], literal.end()
                else:
                    word += char if char in "=#" else "\0"
                    at = self.piece(at, splits, not started, depth)
                started = True
        return end

    def piece(self, at: int, splits: bool, first: bool, depth: int) -> int:
        """Walk one character, quoted string or expansion; the offset behind it."""
        script, end = self.script, len(self.script)
        char = script[at]
        if char == "\\":
            return at + 2
        if char == "'":
            closing = script.find("'", at + 1)
            return end if closing < 0 else closing + 1
        if char == '"':
            return self.quoted(at + 1, depth)
        if char == "`":
            closing = script.find("`", at + 1)
            return end if closing < 0 else closing + 1
        if char != "$":
            return at + 1
        behind, carries = self.expansion(at, depth)
        heads_path = first and script.startswith("/", behind)
        if splits and (carries or heads_path) and behind > at + 1:
            self.splitting.append((at, behind))
        return behind

    def quoted(self, at: int, depth: int) -> int:
        """Walk a double-quoted string; the offset behind it."""
        script = self.script
        while found := _IN_QUOTES.search(script, at):
            at = found.start()
            if found[0] == '"':
                return at + 1
            at = at + 2 if found[0] == "\\" else self.expansion(at, depth)[0]
        return len(script)

    def expansion(self, at: int, depth: int) -> tuple[int, bool]:
        """(the offset behind a `$`, whether it stands for a path or the arguments)."""
        script = self.script
        if script.startswith("$((", at):
            closing = script.find("))", at)
            return (len(script) if closing < 0 else closing + 2), False
        if script.startswith("$(", at):
            if depth >= MAX_NESTING:
                return len(script), False
            behind = self.code(at + 2, ")", depth + 1)
            return behind, script.startswith(_PATH_COMMANDS, at + 2)
        if script.startswith("${", at):
            closing, level = at + 2, 1
            while closing < len(script) and level:
                level += {"{": 1, "}": -1}.get(script[closing], 0)
                closing += 1
            name = _NAME.match(script, at + 2)
            plain = name is not None and script[name.end() : closing] in ("}", "[0]}")
            return closing, bool(plain and name and self.carries(name[0]))
        name = _NAME.match(script, at + 1)
        return (name.end(), self.carries(name[0])) if name else (at + 1, False)

    def carries(self, name: str) -> bool:
        return name in self.paths or name in ("@", "0", "BASH_SOURCE")

    def heredoc(self, at: int) -> int:
        """The newline behind the here-documents that the line before `at` opened."""
        while self.heredocs:
            closing = re.compile(rf"\n\t*{self.heredocs.pop(0)}(?=\n|$)").search(self.script, at)
            at = closing.end() if closing else len(self.script)
        return at


_OPENERS = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"})
