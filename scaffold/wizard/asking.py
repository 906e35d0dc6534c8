"""How a person is asked: one question at a time, while no clock runs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import questionary
from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from questionary.styles import merge_styles_default
from typer import style

from scaffold import cage
from scaffold.errors import Stopped
from scaffold.text import harmless

COLOURS = {"+": "green", "-": "red", "@": "cyan"}
"""First character of a line of a diff -> its colour."""


def answer(question: questionary.Question) -> Any:
    """What a person answers. Raises Stopped where they press Ctrl-C or Ctrl-D."""
    with cage.waiting():
        try:
            return question.unsafe_ask()
        except (KeyboardInterrupt, EOFError):
            raise Stopped(interrupted=True) from None
        finally:
            cage.renew()


def say(text: str) -> None:
    """Tell something between two questions."""
    questionary.print(harmless(text))


def agree(question: str, diff: Callable[[], str], *, usual: str = "y") -> None:
    """Ask whether to write what was shown; its diff is there on request. Raises Stopped for a no.

    `usual` is what Enter means, y or n.
    """
    while (key := answer(_one_key(question, "ynd", usual))) == "d":
        _page(diff())
    if key == "n":
        raise Stopped(interrupted=False)


def _one_key(question: str, keys: str, usual: str) -> questionary.Question:
    """A question that one key answers; the usual one is what Enter means."""
    chosen = ""
    choices = "/".join(key.upper() if key == usual else key for key in keys)
    bindings = KeyBindings()

    def prompt() -> FormattedText:
        asked = [("class:qmark", "?"), ("class:question", f" {question} ")]
        return FormattedText([*asked, ("class:instruction", f"[{choices}] "), ("class:answer", chosen)])

    def press(event: KeyPressEvent) -> None:
        nonlocal chosen
        key = event.key_sequence[0].key
        chosen = usual if key == Keys.ControlM else key.lower()
        event.app.exit(result=chosen)

    def stop(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    for key in (Keys.ControlM, *keys, *keys.upper()):
        bindings.add(key, eager=True)(press)
    for key in (Keys.ControlC, Keys.ControlD):
        bindings.add(key, eager=True)(stop)
    bindings.add(Keys.Any)(lambda _: None)
    session: PromptSession[str] = PromptSession(prompt, key_bindings=bindings, style=merge_styles_default([]))
    return questionary.Question(session.app)


def _page(diff: str) -> None:
    """Show a diff page by page, in the pager that the person has chosen; as it is where there is none."""
    lines = [
        style(line, fg=COLOURS[line[0]]) if line[:1] in COLOURS else line
        for line in harmless(diff).splitlines()
    ]
    pager = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    told = "".join(f"{line}\n" for line in lines)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the pager's then
    with cage.waiting():
        try:
            subprocess.run(pager, input=told.encode(), check=False, env={"LESS": "FRX", **os.environ})
        except OSError:
            sys.stdout.write(told)
        finally:
            signal.signal(signal.SIGINT, before)
            cage.renew()
