"""What a backend is for: one row says how a modality is spelled in every surface.

Use cases and RPC methods are the names of LocalAI's `core/config/backend_capabilities.go`; the
import key is the one its import form groups by.
"""

from __future__ import annotations

from typing import NamedTuple


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


MODALITIES: dict[str, Modality] = {
    modality.name: modality
    for modality in (
        Modality(
            "llm", ("Predict", "PredictStream"), ("chat", "completion"), "text",
            ("text-to-text", "LLM"), ("text generation",), "GPT",
        ),
        Modality(
            "embeddings", ("Embedding",), ("embeddings",), "embeddings", ("embeddings",),
            ("embedding", "text generation"), "Embeddings",
        ),
        Modality(
            "rerank", ("Rerank",), ("rerank",), "reranker", ("reranking",),
            ("rerank", "utilities", "text generation"), "Reranker",
        ),
        Modality(
            "tts", ("TTS",), ("tts",), "tts", ("text-to-speech", "TTS"),
            ("text-to-speech", "audio"), "Text-to-speech",
        ),
        Modality(
            "asr", ("AudioTranscription",), ("transcript",), "asr",
            ("audio-transcription", "speech-recognition"), ("speech-to-text", "audio"),
            "Audio transcription",
        ),
        Modality(
            "vad", ("VAD",), ("vad",), "vad", ("voice-activity-detection", "VAD"),
            ("audio processing", "audio"), "Voice activity detection",
        ),
        Modality(
            "image", ("GenerateImage",), ("image",), "image", ("image-generation",),
            ("image",), "Image",
        ),
        Modality(
            "video", ("GenerateVideo",), ("video",), "video", ("video-generation",),
            ("video", "image"), "Video",
        ),
        Modality(
            "detection", ("Detect",), ("detection",), "detection", ("object-detection",),
            ("detection", "vision", "image"), "Detection",
        ),
        Modality("none"),
    )
}  # fmt: skip
