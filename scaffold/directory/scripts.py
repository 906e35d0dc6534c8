"""The shell scripts of a directory: branches, libraries by system, expansions without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.directory.text import MAX_NESTING, Spot, Text

_LINUX_LIBRARIES = re.compile(rb"(?<!DY)LD_LIBRARY_PATH|\.so\b")
_MAC_LIBRARIES = re.compile(rb"\bDYLD_|dylib|@loader_path|-add_rpath")


def starts_linux_only(script: Text | None) -> Spot | None:
    """Where a start script names Linux's libraries or their search path, if it names none of macOS."""
    if script is None or _MAC_LIBRARIES.search(script.code):
        return None
    return script.first(_LINUX_LIBRARIES)


_LINE_WITH_SO = re.compile(rb"(?m)^[^\n]*?\.so\b[^\n]*")
_SYSTEM_LIBRARY = re.compile(rb"(?<![\w}])/(?:usr/)?lib(?:64)?/")


def packages_linux_only(script: Text | None) -> Spot | None:
    """Where a packaging script copies Linux's libraries, if macOS has nothing in place of them.

    Its own libraries need a `.dylib`; those of the system only a branch that leaves them alone.
    """
    if script is None or _MAC_LIBRARIES.search(script.code):
        return None
    knows_darwin = b"Darwin" in script.code
    for line in _LINE_WITH_SO.finditer(script.code):
        of_system = _SYSTEM_LIBRARY.search(line[0])
        if not (of_system and knows_darwin):
            start = line.start() + line[0].index(b".so")
            return script.spot(start, start + 3)
    return None


def branches(code: bytes) -> Iterator[tuple[bytes, bytes]]:
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


_PATH_VALUE = re.compile(r"dirname|realpath|readlink|BASH_SOURCE|\bpwd\b|\$0\b|\$PWD\b|\$\{PWD\}")
_PATH_ASSIGNMENT = re.compile(r"(?m)^[ \t]*(?:(?:export|local|readonly|declare)[ \t]+)?(\w+)=([^\n]*)")


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


_NAME = re.compile(r"[A-Za-z_]\w*|[@*#?$!0-9-]")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?")
_LITERAL = re.compile(r"[^\s;|&()<>\\'\"`$#=]+")
_IN_QUOTES = re.compile(r'["\\$]')
_HEREDOC = re.compile(r"<<-?[ \t]*[\"'\\]?(\w+)")
_DECLARATIONS = frozenset({"export", "local", "readonly", "declare", "typeset"})
_OPENERS = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"})
_PATH_COMMANDS = ("dirname", "realpath", "readlink", "pwd", "cd ")


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
