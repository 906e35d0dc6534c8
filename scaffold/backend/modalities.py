"""What a backend is for: one row says how a modality is spelled in every surface.

Use cases and RPC methods are the names of LocalAI's `core/config/backend_capabilities.go`; the
import key is the one its import form groups by, `other` where it has no group. A checkout has use
cases that no row has: each is a modality of its own name there (`known`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_LETTERS = 3
"""A name of at most so many characters is an abbreviation."""


class Modality(NamedTuple):
    """One modality."""

    name: str
    methods: tuple[str, ...] = ()
    """RPCs that the generated backend answers, as in backend.proto."""
    usecases: tuple[str, ...] = ()
    import_key: str = ""
    tags: tuple[str, ...] = ()
    section: tuple[str, ...] = ("utilities",)
    """Words of which one stands in the heading of its part of the compatibility table."""
    capability: str = ""
    """The table's capability cell."""
    category: str = "utility"
    """First words of its bullet among the backend types of the documentation, in lower case."""

    @property
    def called(self) -> str:
        """What a sentence calls it: letters that stand for words are capital ones."""
        return self.name.upper() if len(self.name) <= _LETTERS else self.name.replace("-", " ")

    @property
    def words(self) -> str:
        """What it is, for who has to choose: what a table calls it, and its first RPC."""
        if not self.methods:
            return "no model of its own: a store, a proxy, a codec"
        return f"{self.capability} ({self.methods[0]})"


def _table(*rows: Modality) -> dict[str, Modality]:
    return {row.name: row for row in rows}


MODALITIES = _table(
    Modality(
        "llm", ("Predict", "PredictStream"), ("chat", "completion"), "text",
        ("text-to-text", "LLM"), ("text generation",), "GPT", "llm",
    ),
    Modality(
        "embeddings", ("Embedding",), ("embeddings",), "embeddings", ("embeddings",),
        ("embedding", "text generation"), "Embeddings", "llm",
    ),
    Modality(
        "rerank", ("Rerank",), ("rerank",), "reranker", ("reranking",),
        ("rerank", "utilities", "text generation"), "Reranker",
    ),
    Modality(
        "tts", ("TTS",), ("tts",), "tts", ("text-to-speech", "TTS"),
        ("text-to-speech", "audio"), "Text-to-speech", "text-to-speech",
    ),
    Modality(
        "asr", ("AudioTranscription",), ("transcript",), "asr",
        ("audio-transcription", "speech-recognition"), ("speech-to-text", "audio"),
        "Audio transcription", "speech-to-text",
    ),
    Modality(
        "vad", ("VAD",), ("vad",), "vad", ("voice-activity-detection", "VAD"),
        ("audio processing", "audio"), "Voice activity detection", "audio processing",
    ),
    Modality(
        "image", ("GenerateImage",), ("image",), "image", ("image-generation",),
        ("image",), "Image", "image",
    ),
    Modality(
        "video", ("GenerateVideo",), ("video",), "video", ("video-generation",),
        ("video", "image"), "Video", "image & video",
    ),
    Modality(
        "detection", ("Detect",), ("detection",), "detection", ("object-detection",),
        ("detection", "vision", "image"), "Detection", "vision",
    ),
    Modality("none", import_key="other"),
)  # fmt: skip
"""The modalities that the templates serve."""

UNSERVED = _table(
    Modality(
        "vision", ("Predict", "PredictStream"), ("vision",), "text", ("multimodal",),
        ("text generation",), "Multimodal", "llm",
    ),
    Modality(
        "score", ("Score",), ("score",), "text", ("scoring",), ("text generation",), "Scoring", "llm",
    ),
    Modality(
        "tokenize", ("TokenizeString",), ("tokenize",), "text", ("tokenization",),
        ("text generation",), "Tokenization", "llm",
    ),
    Modality(
        "token-classification", ("TokenClassify",), ("token_classify",), "token-classification",
        ("token-classification", "ner"), ("utilities",), "Token classification",
    ),
    Modality(
        "sound-generation", ("SoundGeneration",), ("sound_generation",), "sound-generation",
        ("music-generation", "sound-generation"), ("sound generation", "audio"),
        "Sound generation", "sound generation",
    ),
    Modality(
        "sound-classification", ("SoundDetection",), ("sound_classification",), "sound-classification",
        ("audio-classification",), ("audio processing", "audio"), "Sound classification",
        "sound classification",
    ),
    Modality(
        "diarization", ("Diarize",), ("diarization",), "diarization", ("speaker-diarization",),
        ("speech-to-text", "audio"), "Diarization", "speech-to-text",
    ),
    Modality(
        "audio-transform", ("AudioTransform",), ("audio_transform",), "audio-transform",
        ("audio-transform",), ("audio processing", "audio"), "Audio transform", "audio processing",
    ),
    Modality(
        "realtime-audio", ("AudioToAudioStream",), ("realtime_audio",), "realtime-audio",
        ("speech-to-speech", "realtime"), ("text-to-speech", "audio"), "Realtime audio", "audio processing",
    ),
    Modality(
        "3d", ("Generate3D",), ("3d",), "3d", ("image-to-3d", "3d-generation"), ("3d", "image"), "3D", "3d",
    ),
    Modality(
        "depth", ("Depth",), ("depth",), "depth", ("depth-estimation",), ("vision", "image"), "Depth",
        "vision",
    ),
    Modality(
        "face-recognition", ("FaceVerify", "FaceAnalyze"), ("face_recognition",), "face-recognition",
        ("face-recognition", "face-verification"), ("recognition", "vision"), "Face recognition", "vision",
    ),
    Modality(
        "speaker-recognition", ("VoiceVerify", "VoiceEmbed", "VoiceAnalyze"), ("speaker_recognition",),
        "speaker-recognition", ("speaker-recognition", "speaker-verification"), ("recognition", "vision"),
        "Speaker recognition", "vision",
    ),
)  # fmt: skip
"""Modalities that get every registration, and of the templates a place for their RPC."""

EVERY = MODALITIES | UNSERVED
"""Every modality that has a row."""

ACCEPTS = {
    "images": ("AcceptsImages", "true"),
    "videos": ("AcceptsVideos", "true"),
    "audios": ("AcceptsAudios", "true"),
    "voices": ("VoiceCloning", "referenceVoiceCloning()"),
}
"""What a model takes besides text -> the field of its capability entry that says so, and its value."""


def also_called(known: Mapping[str, Modality]) -> dict[str, str]:
    """Other words for modalities, in lower case -> the name: tags, headings, RPCs.

    Those of three words also by their initials, `stt`. A word of several is that of the first.
    """
    found: dict[str, str] = {}
    for row in known.values():
        words = [w.lower() for w in (*row.tags, *row.section[:1], *row.methods, row.capability)]
        initials = ["".join(part[:1] for part in w.split("-")) for w in words if w.count("-") > 1]
        for word in (*words, *initials):
            found.setdefault(word, row.name)
    return found


def known(methods: Mapping[str, str]) -> dict[str, Modality]:
    """Every modality of a checkout whose use cases map to these RPCs: the rows, and one for each other.

    A use case of a row with several is a modality too: `chat` is `llm` without `completion`.
    """
    found = dict(EVERY)
    for usecase, method in methods.items():
        name = usecase.replace("_", "-")
        if any(row.usecases == (usecase,) for row in EVERY.values()):
            continue
        wider = next((row for row in EVERY.values() if usecase in row.usecases), None)
        if wider:
            found[name] = wider._replace(name=name, usecases=(usecase,))
        else:
            found[name] = Modality(name, (method,), (usecase,), name, (name,), (name,), name.capitalize())
    return found
