"""What Python backends call, and the messages that they make."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.calls import failing
from scaffold.directory.replies import fields_of, refused
from scaffold.directory.service import PROTO
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import some
from scaffold.syntax.source import Place


class MessageRefused(Rule):
    """A Python backend gives the messages of the service what their fields take.

    Why: protobuf takes no field that a message has not, no float for an integer and no text for bytes: the
    call ends with an error, after all the work. Every transcription of LocalAI's faster-whisper failed over
    a time in nanoseconds that was a float (#9674).

    Fails: `int64 start = 2;` in the proto, and

        backend_pb2.TranscriptSegment(id=id, start=int(segment.start) * 1e9)

    Passes:

        backend_pb2.TranscriptSegment(id=id, start=int(segment.start * 1e9))

    Looked at are fields that are given by name where a message is made, with a value whose kind is plain. It
    is a warning in a test, which fails for it.

    Fix: name the field as `backend/backend.proto` does, and convert the value.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Messages that cannot be made; those of one kind in one file are told together."""
        known = fields_of(registry.tree)
        for name, text in _sources(registry):
            found: dict[tuple[str, str], tuple[int, list[str]]] = {}
            for one in refused(text, known):
                _, fields = found.setdefault((one.message, one.problem), (one.offset, []))
                fields += [one.field] if one.field not in fields else []
            for (message, problem), (offset, fields) in found.items():
                lacks = problem == "field"
                yield self.finding(
                    text.place(offset),
                    name,
                    " ".join((text.path, message, *fields)),
                    f"{message} has no field {some(fields)}: this ends with an error"
                    if lacks
                    else f"{some(fields)} of {message}".removeprefix(" of ")
                    + f" takes {problem}: this ends with an error",
                    f"name the field as {PROTO} does, or add it there" if lacks else "convert the value",
                    severity=Severity.warning if _is_test(text) else None,
                )


class PythonCallFails(Rule):
    """What a Python backend calls can be called as it is.

    Why: Python finds out when it gets there, on the one path that does. LocalAI's transformers had a method
    and a flag of one name, so no speech came out of two kinds of models (#5998), and qwen-tts gave one
    argument twice (#8842).

    Fails:

        def LoadModel(self, request, context):
            self.Speech = True

        def TTS(self, request, context):
            return self.Speech(request)      # which is a method of this class

    Passes:

        def LoadModel(self, request, context):
            self.is_speech = True

    Told are methods that an attribute hides, which is True, False, a number or a text; a keyword that a
    mapping has too which is given with `**`; and a method that a text does not have, of what `split` and its
    like have just made. In a test it is a note.

    Fix: give the attribute another name; give the keyword once; convert the text.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Calls that fail."""
        for name, text in _sources(registry):
            for call in failing(text):
                yield self.finding(
                    Place(text.path, call.line),
                    name,
                    f"{text.path} {call.subject}",
                    call.problem,
                    "give the attribute another name, the keyword once, or convert the text",
                    severity=Severity.info if _is_test(text) else None,
                )


def _sources(registry: Registry) -> Iterator[tuple[str, Text]]:
    """(backend, source) of every Python backend."""
    for name, lang in registry.backends.items():
        if lang == "python":
            files = registry.files(name)
            for text in files.texts(one for one in files.names if one.endswith(".py")):
                yield name, text


def _is_test(text: Text) -> bool:
    return text.path.rpartition("/")[2].startswith("test") or text.path.endswith("_test.py")
