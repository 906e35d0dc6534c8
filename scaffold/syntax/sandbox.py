"""Run a repository's own JavaScript, without letting it out.

An embedded engine with a limit on time, memory and stack, no I/O, no imports, no timers: what a
pull request contains is untrusted.
"""

from __future__ import annotations

import json
import time
from typing import Any

SECONDS = 2
"""CPU time of one evaluation."""
MEMORY_BYTES = 64 << 20
STACK_BYTES = 512 << 10
MESSAGE_LENGTH = 200


class ScriptError(Exception):
    """The script threw, looped, or took too much memory; the message is the engine's."""


class Sandbox:
    """One engine with some source evaluated in it."""

    def __init__(self, source: str, *, memory: int = MEMORY_BYTES) -> None:
        """Raises ScriptError where `source` does not evaluate."""
        import quickjs

        self._error = quickjs.JSException
        self._context = quickjs.Context()
        self.allow(SECONDS)
        self._context.set_memory_limit(memory)
        self._context.set_max_stack_size(STACK_BYTES)
        self._evaluate(source)

    def allow(self, seconds: int) -> None:
        """Give every evaluation that follows this much CPU time."""
        self._seconds = seconds
        self._context.set_time_limit(seconds)

    def map(self, function: str, values: list[Any]) -> list[Any]:
        """Call a function once per value, in one go."""
        result = self.evaluate(f"{json.dumps(values)}.map(value => {function}(value) ?? null)")
        if not isinstance(result, list) or len(result) != len(values):
            raise ScriptError("it leaves no list of answers")
        return result

    def define(self, name: str, value: Any) -> None:
        """A constant for the expressions that follow."""
        self._evaluate(f"const {name} = {json.dumps(value)};")

    def evaluate(self, expression: str) -> Any:
        """Value of an expression, passed through JSON."""
        text = self._evaluate(f"JSON.stringify({expression})")
        try:
            return json.loads(text) if isinstance(text, str) else None
        except ValueError:
            raise ScriptError("what it answers is no JSON") from None

    def settle(self) -> None:
        """Run what promises have left to do. Raises ScriptError where it has no end."""
        end = time.process_time() + self._seconds
        try:
            while self._context.execute_pending_job():
                if time.process_time() > end:
                    raise ScriptError("InternalError: interrupted")
        except self._error as error:
            raise ScriptError(_first_line(error)) from None

    def _evaluate(self, source: str) -> Any:
        try:
            return self._context.eval(source)
        except self._error as error:
            raise ScriptError(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    said = str(error).strip().splitlines() or ["it throws"]
    return said[0][:MESSAGE_LENGTH]
