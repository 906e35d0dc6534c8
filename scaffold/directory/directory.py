"""One backend's directory: what its Makefile, scripts, requirements and sources say.

A fact is read when a rule asks for it, and read once. Everything here is text of other people's
making: it is parsed, or searched with linear expressions over bytes, and nothing of it is executed. A
file that is not there says nothing, and so does one that no parser should be given.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from scaffold.checkout.door import Kind, note
from scaffold.checkout.tree import Tree, refusal
from scaffold.directory import cpp, makefile, native, pins, python, requirements, rust, scripts, service
from scaffold.directory.text import MAX_BYTES, MAX_NESTING, Spot, Text, is_cmake, text_of
from scaffold.syntax.rust import Implementation
from scaffold.syntax.source import Place

DARWIN_FILES = ("run.sh", "package.sh", "Makefile")
"""Files of a backend in which macOS may have code of its own, besides scripts and CMake files."""
_FOR_DARWIN = re.compile(rb"(?m)^.*(?:Darwin|DYLD_|\.dylib).*$")
MAX_PATTERNS = 100
"""Pattern rules of a Makefile that are followed; those of LocalAI have three at most."""


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
            self._texts[path] = text_of(path, data) if data is not None and len(data) <= MAX_BYTES else None
        return self._texts[path]

    def text(self, name: str) -> Text | None:
        """A file of the directory."""
        return self.at(f"{self.path}/{name}")

    def texts(self, names: Iterable[str]) -> Iterator[Text]:
        """Those of some files of the directory that are there."""
        for name in names:
            text = self.text(name)
            if text is not None:
                yield text

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of what it holds."""
        return tuple(self.tree.list(self.path)) if self.path else ()

    def has(self, name: str) -> bool:
        """Whether it holds a file, or something at its place that is not read."""
        path = posixpath.normpath(f"{self.path}/{name}")
        if self.tree.kind(path) is Kind.file:
            return True
        note(self.tree, path)
        return refusal(self.tree, path) is not None

    # --- start and packaging -----------------------------------------------------------------

    @property
    def run_script(self) -> Text | None:
        """What LocalAI starts."""
        return self.text("run.sh")

    @cached_property
    def darwin_package_script(self) -> Text | None:
        """What assembles the Darwin image: a script for this backend alone, else the one for Linux too."""
        return self.at(f"scripts/build/{self.name}-darwin.sh") or self.text("package.sh")

    @property
    def darwin_scripts(self) -> tuple[Text, ...]:
        """The scripts that install, package and start it on macOS."""
        found = (self.text("install.sh"), self.darwin_package_script, self.run_script)
        return tuple(script for script in found if script is not None)

    @cached_property
    def starts_linux_only(self) -> Spot | None:
        """Where macOS meets Linux's libraries or their search path in run.sh, if none of its own."""
        return scripts.starts_linux_only(self.run_script) if self.run_script else None

    @cached_property
    def packages_linux_only(self) -> Spot | None:
        """Where macOS meets Linux's libraries in its image's packaging, if none of its own."""
        script = self.darwin_package_script
        return scripts.packages_linux_only(script) if script else None

    @cached_property
    def packages_darwin(self) -> bool:
        """Whether package.sh is run on macOS: by a build without a script of its own, or by that."""
        script = self.darwin_package_script
        return script is not None and (script == self.text("package.sh") or scripts.makes_package(script))

    @cached_property
    def ends_on_darwin(self) -> Spot | None:
        """Where its image's packaging, or a script that this sources, ends with an error on every macOS."""
        package = self.text("package.sh") if self.packages_darwin else None
        ran = [script for script in (self.darwin_package_script, package) if script]
        ran += [text for script in ran for text in map(self.at, scripts.sourced_on_darwin(script)) if text]
        return next(filter(None, map(scripts.ends_on_darwin, ran)), None)

    def darwin_code(self, beside: Iterable[Directory] = ()) -> Place | None:
        """Where its start, packaging, installer or build first says something for macOS alone.

        Lines that another directory has in a file of the same name are copied along: they say nothing.
        """
        native_files = (name for name in self.names if native.is_build_script(name) or is_cmake(name))
        for text in self.texts(dict.fromkeys((*DARWIN_FILES, *native_files))):
            if b"Darwin" not in text.code:
                continue
            twins = (other.text(text.path.removeprefix(f"{self.path}/")) for other in beside)
            copied = {line[0].strip() for twin in twins if twin for line in _FOR_DARWIN.finditer(twin.code)}
            for line in _FOR_DARWIN.finditer(text.code):
                if line[0].strip() not in copied:
                    return text.place(line.start())
        return None

    @cached_property
    def cannot_package_darwin(self) -> bool:
        """Whether its macOS build ends with an error, for the packaging asks for a library of Linux.

        CMake gives a MODULE of the backend's own the ending of Linux there too.
        """
        script, spot = self.darwin_package_script, self.packages_linux_only
        own = any(b"MODULE" in text.data for text in self.texts(filter(is_cmake, self.names)))
        return script is not None and spot is not None and not own and scripts.stops_without(script, spot)

    @cached_property
    def sets_rpath(self) -> bool:
        """Whether the packaging writes a search path into the macOS binary itself."""
        script = self.darwin_package_script
        return script is not None and b"-add_rpath" in script.code

    @cached_property
    def unquoted(self) -> tuple[Spot, ...]:
        """The expansions of run.sh that the shell splits although they hold a path or the arguments."""
        script = self.run_script
        found = scripts.unquoted_expansions(script.shell) if script else ()
        return tuple(script.spot(start, end) for start, end in found if script)

    # --- Makefile ----------------------------------------------------------------------------

    @cached_property
    def makefiles(self) -> tuple[Text, ...]:
        """The Makefile and what it includes by a plain relative path."""
        found: list[Text] = []
        pending = [f"{self.path}/Makefile"]
        while pending and len(found) < MAX_NESTING:
            text = self.at(pending.pop())
            if text is not None and text not in found:
                found.append(text)
                pending += makefile.includes(text)
        return tuple(found)

    def has_make_rule(self, target: str) -> bool:
        """Whether the Makefile has a rule for `target`, or may have one that is not read here."""
        return (
            target in self._targets
            or self._has_unknown_rules
            or any(target.startswith(head) and target.endswith(tail) for head, _, tail in self._patterns)
        )

    def unmade(self) -> Iterator[tuple[str, str, Place]]:
        """(target, what it needs, where) of every plain name that no rule makes and no recipe names."""
        for text in self.makefiles:
            for target, name, offset in makefile.prerequisites(text):
                if name in self._targets or name in self.names or self.has_make_rule(name):
                    continue
                word = re.compile(rb"(?<![\w./-])%s(?![\w./-])" % re.escape(name.encode()))
                asked = (line for one in self.makefiles for line in makefile.asking(one))
                named = sum(len(word.findall(one.code)) for one in self.makefiles)
                if named == sum(len(word.findall(line)) for line in asked) and not self.has(name):
                    yield target, name, text.place(offset)

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset().union(*map(makefile.targets, self.makefiles))

    @cached_property
    def _patterns(self) -> list[tuple[str, str, str]]:
        return [pattern.partition("%") for pattern in self._targets if "%" in pattern]

    @cached_property
    def _has_unknown_rules(self) -> bool:
        return len(self._patterns) > MAX_PATTERNS or any(map(makefile.has_unknown, self.makefiles))

    # --- native builds -----------------------------------------------------------------------

    @cached_property
    def build_files(self) -> tuple[Text, ...]:
        """What decides how the native part is built: Makefile, CMake files, scripts, also Docker's.

        Of Docker's scripts those that name the directory: the others install what all backends need.
        """
        own = (name for name in self.names if native.is_build_script(name) or is_cmake(name))
        found = [*self.makefiles, *self.texts(own)]
        docker = self.at(f"backend/Dockerfile.{self.name}")
        if docker:
            path = self.path.encode()
            called = map(self.at, native.docker_scripts(docker))
            found += [docker, *(text for text in called if text and path in text.data and path in text.code)]
        return tuple(found)

    @cached_property
    def borrowed(self) -> tuple[Directory, ...]:
        """Neighbours whose sources this one copies and builds (`../llama-cpp`)."""
        parent = self.path.rpartition("/")[0]
        names = {name for text in self.makefiles for name in makefile.beside(text)}
        return tuple(
            Directory(self.tree, name, f"{parent}/{name}", self.lang)
            for name in sorted(names - {self.name})
            if self.tree.read(f"{parent}/{name}/Makefile") is not None
        )

    @cached_property
    def _lacks_neighbour(self) -> bool:
        """Whether a variable of its Makefiles holds the folder of a neighbour that is not there."""
        parent = self.path.rpartition("/")[0]
        names = (name for text in self.makefiles for name in makefile.neighbours(text))
        return any(not self.tree.is_dir(f"{parent}/{name}") for name in names)

    def builds_for(self, build_type: str, deep: bool = True) -> bool:
        """Whether some build file tells `build_type` from others, or hands it on to what is not read here."""
        family = build_type.partition("_")[0].encode()
        word = native.build_type_word(build_type)
        naming = (text for text in self.build_files if family in text.data)
        if any(word.search(native.build_code(text)) for text in naming):
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
        return any(map(native.tells_build_types, self.makefiles))

    @cached_property
    def _hands_on_build_type(self) -> bool:
        """Whether the Makefile gives the build type, whatever it is, to what is not read here."""
        return any(map(native.hands_on_build_type, self.makefiles))

    @cached_property
    def build_type_place(self) -> Place:
        """Where the Makefile tells build types apart, its last such line; else its first line."""
        text = self.text("Makefile")
        return text.place(native.last_build_type(text)) if text else Place(f"{self.path}/Makefile")

    def flags(self, names: Collection[str]) -> Iterator[native.Flag]:
        """Every place where a build file sets one of some CMake options."""
        texts = self.texts(["install.sh"]) if self.lang == "python" else self.build_files
        return native.flags(texts, names)

    @cached_property
    def gated_options(self) -> frozenset[str]:
        """The options that the engine has of its own in front of ggml's, which alone then do nothing."""
        return frozenset[str]().union(*map(native.gated_options, self.makefiles))

    # --- pins --------------------------------------------------------------------------------

    @cached_property
    def makefile_pins(self) -> tuple[pins.Pin, ...]:
        """What the Makefile pins, where the bump bot can reach it."""
        text = self.text("Makefile")
        return tuple(pins.makefile_pins(text)) if text else ()

    @cached_property
    def pins_elsewhere(self) -> tuple[pins.Pin, ...]:
        """Upstreams that a shell script or a CMake file of the directory fetches at a fixed version."""
        found: list[pins.Pin] = []
        for name in self.names:
            if native.is_build_script(name):
                found += (pin for text in self.texts([name]) for pin in pins.shell_pins(text))
            elif is_cmake(name):
                found += (pin for text in self.texts([name]) for pin in pins.cmake_pins(text))
        return tuple(found)

    # --- python ------------------------------------------------------------------------------

    def packages(self, names: Iterable[str]) -> frozenset[str]:
        """The packages that some requirements files name, or what they include."""
        pending = [f"{self.path}/{name}" for name in names if name in self.names]
        found: dict[str, frozenset[str]] = {}
        while pending and len(found) < MAX_NESTING:
            text = self.at(pending.pop())
            if text and text.path not in found:
                read = requirements.read(text)
                found[text.path] = read.packages
                pending += read.includes
        return frozenset().union(*found.values())

    def installs_itself(self, build: python.Build) -> bool:
        """Whether install.sh installs packages in a branch of its own for a build, or for every build."""
        script = self.text("install.sh")
        return script is None or python.installs_itself(script.shell, build)

    def first_with(self, words: bytes, *names: str) -> Place | None:
        """Where the code of some of its files, in this order, first has what a pattern finds."""
        found = ((text, re.search(words, text.code)) for text in self.texts(names))
        return next((text.place(match.start()) for text, match in found if match is not None), None)

    def names_file(self, name: str) -> bool:
        """Whether another file of the directory names one."""
        return any(
            name.encode() in text.data for text in self.texts(self.names) if text.path[-len(name) :] != name
        )

    def unpinned_clones(self, builds: Sequence[python.Build]) -> Iterator[tuple[str, Place]]:
        """The repositories that install.sh clones for some builds at whatever their default branch holds."""
        script = self.text("install.sh")
        if script is not None and b"git clone" in script.data:
            for address, offset in python.unpinned_clones(script.shell, builds):
                yield address, script.place(offset)

    def unpinned_installs(self, builds: Sequence[python.Build]) -> Iterator[tuple[str, str, Place]]:
        """(address, branch, where) of what install.sh installs from a repository at no tag and no commit."""
        script = self.text("install.sh")
        if script is not None:
            makefiles = (text.data for text in self.makefiles)
            for found in python.unpinned_installs(script.shell, builds, makefiles):
                yield found.address, found.branch, script.place(found.offset)

    def names_index(self, build: python.Build) -> bool:
        """Whether install.sh names an index of packages in what it may do for a build."""
        script = self.text("install.sh")
        named = script is not None and (b"index-url" in script.data or b"find-links" in script.data)
        return named and script is not None and python.names_index(script.shell, build)

    # --- the service -------------------------------------------------------------------------

    def serves(self, rpcs: Collection[str]) -> frozenset[str]:
        """Of some RPCs, those that its sources define as a server does, or those that it borrows."""
        own = service.served(self._sources, rpcs)
        return own or frozenset().union(*(service.served(lender._sources, rpcs) for lender in self.borrowed))

    def may_serve(self, rpc: str) -> bool:
        """Whether some source of it, of what it borrows or of what its language shares may define an RPC."""
        shared = (python.COMMON_INSTALLER.rpartition("/")[0],) if self.lang == "python" else ()
        return service.may_serve(self.tree, (self.path, *(one.path for one in self.borrowed), *shared), rpc)

    @cached_property
    def _sources(self) -> tuple[Text, ...]:
        return tuple(self.texts(filter(service.is_source, self.names)))

    @cached_property
    def signal_shutdowns(self) -> tuple[Spot, ...]:
        """The calls of `Shutdown` that a C++ signal handler makes, itself or by what it calls."""
        texts = self.texts(name for name in self.names if name.endswith((".cpp", ".cc", ".cxx")))
        return tuple(spot for text in texts for spot in cpp.shutdowns(text))

    @cached_property
    def rust_services(self) -> tuple[Implementation, ...]:
        """The implementations of the gRPC service in Rust."""
        paths = (path for path in self.tree.files(f"{self.path}/src") if path.endswith(".rs"))
        texts = (text for text in map(self.at, paths) if text)
        return tuple(service for text in texts for service in rust.services(text))

    @cached_property
    def generates_stubs(self) -> bool:
        """Whether the methods of the service that Rust does not write may be generated."""
        return rust.generates_stubs(self.text("build.rs"))
