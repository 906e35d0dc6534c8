"""The page of troubleshooting has each message that ends a command with exit code 3, and no other."""

from __future__ import annotations

import re

from tests.docs import PROJECT
from tests.docs.messages import messages


def test_every_message_of_exit_code_3_is_there() -> None:
    page = (PROJECT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    told = re.findall(r"(?m)^- (`+)(.+)\1$", page)
    said = messages()
    assert len(said) > 50
    listed = [message for _, message in told]
    assert len(listed) == len({*listed})
    assert {message: where for message, where in said.items() if message not in listed} == {}, (
        "not on the page"
    )
    assert [message for message in listed if message not in said] == [], "of no code"
