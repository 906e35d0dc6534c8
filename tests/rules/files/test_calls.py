"""Messages that Python backends make, and what they call."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, tree

PROGRAM = f"{FINCH}/backend.py"
PROTO = b"""
service Backend { rpc Health(A) returns (B) {} }
// message Gone { string it = 1; }
message Segment {
  enum Kind { NONE = 0; ONE = 1; }
  int64 start = 1; bytes data = 2; string text = 3;
  repeated int32 tokens = 4; optional bool done = 5;
  oneof either { double rate = 6; map<string, string> more = 7; }
  message Inner { string deep = 1; }
}
"""


def told(code: str, slug: str, path: str = PROGRAM) -> list[tuple[Severity, int, str]]:
    where = tree({"backend/backend.proto": PROTO, path: code.encode()})
    return [(f.severity, f.line, f.message) for f in findings(where, slug)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("begin=1", "Segment has no field begin"),
        ("begin=1, stop=2, text=''", "Segment has no field begin, stop"),
        ("a=1, b=2, c=3, d=4", "Segment has no field a, b, c and 1 more"),
        ("deep='x'", "Segment has no field deep"),
        ("start=int(s.start) * 1e9", "start of Segment takes no float, but an int64"),
        ("start=1.5", "start of Segment takes no float, but an int64"),
        ("start=float(x)", "start of Segment takes no float, but an int64"),
        ("data='x'", "data of Segment takes no text, but a bytes"),
        ("data=f'{x}, (y'", "data of Segment takes no text, but a bytes"),
        ("done='yes'", "done of Segment takes no text, but a bool"),
        ("text=1", "text of Segment takes no number, but a string"),
        ("x", "Segment takes its fields by name"),
        ("start=int(s.start * 1e9)", ""),
        ("start=1", ""),
        ("start=x * 2", ""),
        ("start=round(x * 1e9) if x else 0", ""),
        ("data=b'x', text='a, b=c)', tokens=[1, 2], done=True", ""),
        ("data=bytes('OK', 'utf-8'), more={'a': 'b'}, rate=1", ""),
        ("text=b'x'", ""),
        ("**given", ""),
        ("text=(\n    'a'  # begin=1, \n    'b'\n)", ""),
    ],
)
def test_what_the_fields_of_a_message_take(given: str, says: str) -> None:
    found = told(f"x = 1\ny = backend_pb2.Segment({given})\n", "message-refused")
    assert [(severity, line) for severity, line, _ in found] == ([(Severity.error, 2)] if says else [])
    assert not says or found[0][2].startswith(f"{says}: this ends")


def test_a_message_that_cannot_be_made_in_a_test_fails_the_test() -> None:
    found = told("x = backend_pb2.Segment(begin=1)\n", "message-refused", f"{FINCH}/test.py")
    assert [severity for severity, _, _ in found] == [Severity.warning]


@pytest.mark.parametrize(
    "code",
    [
        "# x = backend_pb2.Segment(begin=1)\n",
        "x = backend_pb2.Other(begin=1)\n",
        "if hasattr(backend_pb2.Segment, 'begin'):\n    x = backend_pb2.Segment(begin=1)\n",
        "x = backend_pb2.Segment(begin=1\n",
    ],
)
def test_where_nobody_knows_what_a_message_takes(code: str) -> None:
    assert told(code, "message-refused") == []


HIDDEN = """\
class S:
    def __init__(self):
        self.Speech = {}

    def Speech(self, request):
        return 1

    def TTS(self, request, context):
        return self.Speech(request)
"""
TWICE = """\
def f(text, mode, instruct):
    given = {{}}
{put}
    return speak(text, instruct=instruct, **given)
"""
MISTAKEN = """\
def f(options):
    for one in options:
        key, value = one.split(":")
        {then}
"""


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        (HIDDEN.format("False"), Severity.warning),
        (HIDDEN.format("'x'"), Severity.warning),
        (HIDDEN.format("None"), None),
        (HIDDEN.format("engine.speak"), None),
        (HIDDEN.format("False").replace("return self.Speech(request)", "return self.Speech"), None),
        (HIDDEN.format("False").replace("def Speech", "def speech"), None),
        (TWICE.format(put="    given['instruct'] = 1"), Severity.warning),
        (TWICE.format(put="    if instruct:\n        given['instruct'] = 1"), Severity.warning),
        (
            TWICE.format(put="    if mode:\n        given['instruct'] = 1\n        return speak(**given)"),
            None,
        ),
        (TWICE.format(put="    given['other'] = 1"), None),
        (TWICE.format(put="    given['instruct'] = 1\n    given.pop('instruct')"), None),
        (TWICE.format(put="    given['instruct'] = 1\n    given = other()"), None),
        (TWICE.format(put="    given['instruct'] = 1\n    given = {}"), None),
        (
            HIDDEN.format("False") + "\n    class Job:\n        def stop(self): self.stop = False\n",
            Severity.warning,
        ),
        (
            "class S:\n    def stop(self): self.stop()\n    class J:\n        def f(self): self.stop = False\n",
            None,
        ),
        (TWICE.format(put="    pass").replace("{}", "{'instruct': 1, 'speed': 2}"), Severity.warning),
        (TWICE.format(put="    pass").replace("{}", "dict(instruct=1)"), Severity.warning),
        (TWICE.format(put="    pass").replace("{}", "{'speed': 2}"), None),
        (TWICE.format(put="    pass").replace("{}", "{'instruct': 1, **other}"), None),
        (TWICE.format(put="    del given['instruct']").replace("{}", "{'instruct': 1}"), None),
        (TWICE.format(put="    def g():\n        given['instruct'] = 1"), None),
        (MISTAKEN.format(then="value.is_integer()"), Severity.warning),
        (
            MISTAKEN.format(then="if is_float(value):\n            if value.is_integer(): pass"),
            Severity.warning,
        ),
        (MISTAKEN.format(then="value.strip()"), None),
        (MISTAKEN.format(then="value = float(value)\n        value.is_integer()"), None),
        (MISTAKEN.format(then="if not isinstance(value, str): value.is_integer()"), None),
        (MISTAKEN.format(then="try: value.append(1)\n        except AttributeError: pass"), None),
        (MISTAKEN.format(then="value.append(1)").replace('split(":")', "split(128)"), None),
        (MISTAKEN.format(then="value.append(1)").replace("one.split", "one.str.split"), None),
        ("def f(x):\n    x = x.strip()\n    return x.items()\n", Severity.warning),
        ("def f(x):\n    if a:\n        x = x.strip()\n    return x.items()\n", None),
        ("def f(x):\n    x = x.strip()\n    return x.hex()\n", None),
        ("def f(x):\n    x = x.strip(\n", None),
        ("def f(x):\n    return x.split(':').strip()\n", Severity.warning),
        ("def f(x):\n    return x.split()[0].strip()\n", None),
        ("def f(x):\n    return x.split(':').index('a')\n", None),
        ("def f(x):\n    return x.str.split(':').lower()\n", None),
        ("def f(x):\n    a, b = x.split()\n    return a.copy()\n", None),
    ],
)
def test_calls_that_fail(code: str, severity: Severity | None) -> None:
    assert [found[0] for found in told(code, "python-call-fails")] == ([severity] if severity else [])
