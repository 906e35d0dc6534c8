"""What every `--help` ends with: how the command is called, and what its exit code means."""

from __future__ import annotations

EXIT_CODES = {
    0: "done, or nothing that fails",
    1: "findings that fail",
    2: "wrong usage or answers; nothing was changed",
    3: "the repository cannot be read or written, or has a shape that the tool does not know",
    70: "a bug of scaffold",
    75: "another scaffold is writing there",
    130: "interrupted",
    141: "nobody reads the output any more",
}

EXAMPLES = {
    "new-backend": (
        "new-backend heron --lang go --modality tts --upstream OWNER/REPO --pin HEAD",
        "new-backend heron --lang python --like whisperx --dry-run",
    ),
    "check": (
        "check --base origin/master",
        "check --base auto --format github",
        "check whisper --fix --diff",
    ),
    "show": ("show whisper",),
    "status": ("status --lang go --problems",),
    "affected": ("affected --base origin/master", "affected backend/go/whisper/Makefile"),
    "published": ("published whisper --channel master",),
    "rules": ("rules --format json",),
    "explain": ("explain gallery-image-not-built",),
    "remove-backend": ("remove-backend heron --dry-run",),
    "rename-backend": ("rename-backend heron egret --dry-run",),
    "add-variant": ("add-variant whisper vulkan --dry-run",),
    "remove-variant": ("remove-variant whisper vulkan --dry-run",),
    "adopt": ("adopt --dry-run", "adopt --remove"),
    "doctor": ("doctor",),
    "schema": ("schema check",),
    "options": ("options --format json",),
    "completion": ("completion bash > ~/.local/share/bash-completion/completions/scaffold",),
}
"""Command -> how it may be called."""


def epilog(command: str) -> str:
    """The end of a command's help."""
    lines = [f"  scaffold {example}" for example in EXAMPLES.get(command, ())]
    examples = ["\b", "Examples:", *lines, ""] if lines else []
    codes = [f"  {code:3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join([*examples, "\b", "Exit codes:", *codes])
