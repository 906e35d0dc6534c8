"""Run a repository's own JavaScript, without letting it out.

An embedded engine with a limit on time, memory and stack, no I/O, no imports, no timers: what a
pull request contains is untrusted, and so is what it answers. The engine looks at its clock between
two bytecodes only; a script that never leaves one native function is ended by the cage
(`scaffold.cage`), with the process that runs it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from scaffold import cage
from scaffold.text import one_line

SECONDS = 1
"""CPU time of one evaluation."""
MEMORY_BYTES = 64 << 20
STACK_BYTES = 512 << 10
ANSWER_LENGTH = 4 << 20
"""Characters of an answer; those of LocalAI's scripts have half a million at most."""
MESSAGE_LENGTH = 200


class ScriptError(Exception):
    """The script threw, looped, took too much memory, or answers what nobody can use.

    The message is the engine's, in one printable line.
    """

    def __init__(self, why: object) -> None:
        said = str(why).strip().splitlines() or ["it throws"]
        super().__init__(one_line(said[0])[:MESSAGE_LENGTH])


class Sandbox:
    """One engine with some source evaluated in it."""

    def __init__(
        self, path: str, source: str, *, memory: int = MEMORY_BYTES, given: Mapping[str, Any] | None = None
    ) -> None:
        """`path` is the file that `source` is of, `given` what it finds defined.

        Raises ScriptError where it does not evaluate.
        """
        import _quickjs as quickjs  # the package around it loads threads and logging, for nothing here

        self._path = path
        self._error = quickjs.JSException
        self._context = quickjs.Context()
        self.allow(SECONDS)
        self._context.set_memory_limit(memory)
        self._context.set_max_stack_size(STACK_BYTES)
        for name, value in (given or {}).items():
            self.define(name, value)
        self._evaluate(source)

    def allow(self, seconds: int) -> None:
        """Give every evaluation that follows this much CPU time."""
        self._seconds = seconds
        self._context.set_time_limit(seconds)

    def map(self, function: str, values: list[Any]) -> list[Any]:
        """Call a function once per value, in one go."""
        self.define("__values", values)
        result = self.evaluate(f"__values.map(value => {function}(value) ?? null)")
        if not isinstance(result, list) or len(result) != len(values):
            raise ScriptError("it leaves no list of answers")
        return result

    def define(self, name: str, value: Any) -> None:
        """A value for what follows; the engine reads JSON four times as fast as source that says the same."""
        cage.note(self._path)
        try:
            self._context.set(name, self._context.parse_json(json.dumps(value)))
        except self._error as error:
            raise ScriptError(error) from None

    def evaluate(self, expression: str) -> Any:
        """Value of an expression, passed through JSON; None where it has none.

        Raises ScriptError for an answer that is too large, nested too deeply, or no text at its ends.
        """
        text = self._evaluate(f"JSON.stringify({expression})")
        return _value(text) if isinstance(text, str) else None

    def text(self, expression: str) -> str:
        """The text that an expression is. Raises ScriptError for any other value, and for one too large."""
        text = self._evaluate(expression)
        if not isinstance(text, str) or len(text) > ANSWER_LENGTH:
            raise ScriptError("it answers no text, or a large one")
        return text

    def settle(self) -> None:
        """Run what promises have left to do. Raises ScriptError where it has no end."""
        cage.note(self._path)
        end = time.process_time() + self._seconds
        try:
            while self._context.execute_pending_job():
                if time.process_time() > end:
                    raise ScriptError("InternalError: interrupted")
        except self._error as error:
            raise ScriptError(error) from None

    def _evaluate(self, source: str) -> Any:
        cage.note(self._path)
        try:
            return self._context.eval(source)
        except self._error as error:
            raise ScriptError(error) from None
        except (TypeError, ValueError):  # a kind of value, a number or a text that Python has no word for
            raise ScriptError("it answers what cannot be read") from None


def _value(text: str) -> Any:
    if len(text) > ANSWER_LENGTH:
        raise ScriptError("its answer is too large")
    try:
        value = json.loads(text)
        if re.search(r"\\u[dD][89a-fA-F]", text):  # a half of a pair is no text
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        raise ScriptError("what it answers is no JSON") from None
    except RecursionError:
        raise ScriptError("its answer is nested too deeply") from None
    return value
