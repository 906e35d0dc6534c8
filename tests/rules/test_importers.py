"""Rules about the Go registries: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.operations import check, fix, workers
from scaffold.registry import Registry
from scaffold.rules.base import Severity
from tests.rules.trees import (
    BASE,
    CAPABILITIES,
    IMPORTERS,
    MINIATURE,
    PREF_ONLY,
    RULES,
    Altered,
    Case,
    assert_fine,
    assert_found,
    findings,
    text_of,
)

FOLDER = "core/gallery/importers"
WREN = "\t// WrenImporter matches only wren GGUFs; it must precede LlamaCPPImporter,\n\t// which takes every .gguf.\n\t&WrenImporter{},\n"
LLAMA = "\t// Text LLM\n\t&LlamaCPPImporter{},\n"
NEW = 'package importers\n\ntype PloverImporter struct{}\n\nfunc (i *PloverImporter) Name() string { return "rookery" }\n'


def pref(name: str) -> str:
    """The pref-only line of a backend."""
    (line,) = (x for x in text_of(BASE, PREF_ONLY).splitlines() if x.startswith(f'\t{{Name: "{name}"'))
    return f"{line}\n"


def capability(name: str) -> str:
    """The capability entry of a backend."""
    _, start, rest = text_of(BASE, CAPABILITIES).partition(f'\t"{name}": {{\n')
    return start + rest.partition("\t},\n")[0] + "\t},\n"


def offered(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(PREF_ONLY, *pairs)


HERON = pref("heron")
SERVER = "backend/cpp/heron/grpc-server.cpp"
TTS = "grpc::Status TTS(grpc::ServerContext *, const backend::TTSRequest *, backend::Result *) override { return {}; }"

OFFER = """\
\t\t{Name: "meadow-lark", Modality: "text", Description: "GGUF drop-in replacement for llama-cpp with two more weight formats"},
"""
BRANCH = 'case "meadow-lark"'

FORK = (
    "[]GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding, MethodTokenizeString},\n\t\t"
    "PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEdit, UsecaseEmbeddings, UsecaseTokenize},"
)

CONFIG = "core/config/model_config.go"
FLAGS = (
    "func GetAllModelConfigUsecases() map[string]int {\n\treturn map[string]int{\n"
    + "".join(f'\t\t"FLAG_{name}": 1,\n' for name in ("TTS", "VAD", "TRANSCRIPT"))
    + "\t}\n}\n"
)
PROTO = "backend/backend.proto"

CASES = {
    "a constant that nothing declares": Case(
        "capabilities-undefined", "", CAPABILITIES, ("MethodVADD",),
        MINIATURE.edit(CAPABILITIES, (capability("heron"), capability("heron").replace("{MethodVAD}", "{MethodVADD}"))),
        also=None, says="write MethodVAD",
    ),
    "a method that the service does not have": Case(
        "capabilities-undefined", "", CAPABILITIES, ('"Rerenk"',),
        MINIATURE.edit(CAPABILITIES, ('= "Rerank"', '= "Rerenk"')),
        also=None, says="write 'Rerank'", severity=Severity.warning,
    ),
    "an RPC that all servers call otherwise": Case(
        "capabilities-undefined", "", PROTO, ("rpc TTSS(",),
        MINIATURE.edit(PROTO, ("rpc TTS(", "rpc TTSS(")),
        also=None, says="write TTS",
    ),
    "a use case that no configuration can name": Case(
        "capabilities-undefined", "", CAPABILITIES, ('"transcrpt"',),
        MINIATURE.append(CONFIG, FLAGS).edit(CAPABILITIES, ('= "transcript"', '= "transcrpt"')),
        also=None, says="write 'transcript'",
    ),
    "a group of the form that a letter keeps empty": Case(
        "importer-modality", "kestrel", PREF_ONLY, ('"kestrel"',),
        offered((pref("kestrel"), pref("kestrel").replace('"tts"', '"ttts"'))).edit(
            PREF_ONLY, (pref("finch-tts"), pref("finch-tts") + pref("finch-tts").replace("finch-tts", "wren-cpp"))
        ),
        also=None, says="write 'tts'",
    ),
    "an importer of what is not there": Case(
        "importer-unknown-backend", "skylark", f"{FOLDER}/lark.go", ("Name() string",),
        MINIATURE.edit(f"{FOLDER}/lark.go", ('Name() string      { return "lark" }', 'Name() string      { return "skylark" }')),
        also=None,
    ),
    "a model file for what is not there": Case(
        "importer-unknown-backend", "skylark", f"{FOLDER}/lark.go", ("Backend:",),
        MINIATURE.edit(f"{FOLDER}/lark.go", ('Backend:             "lark"', 'Backend:             "skylark"')),
        also=(),
    ),
    "a drop-in that is not there": Case(
        "importer-unknown-backend", "meadow", f"{FOLDER}/llama-cpp.go", ('{Name: "meadow"',),
        MINIATURE.edit(f"{FOLDER}/llama-cpp.go", ('{Name: "meadow-lark"', '{Name: "meadow"')),
    ),
    "a line for what is not there": Case(
        "importer-unknown-backend", "gone", PREF_ONLY, ('Name: "gone"',),
        offered((HERON, HERON + HERON.replace('"heron"', '"gone"'))),
        says="knownPrefOnlyBackends",
    ),
    "an importer that is never asked": Case(
        "importer-unregistered", "rookery", IMPORTERS, ("&LlamaCPPImporter{}",),
        MINIATURE.write(f"{FOLDER}/plover.go", NEW),
        says="PloverImporter",
    ),
    "a backend that no model can choose": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")),
        fix=True, says='{Name: "heron", Modality: "vad", AutoDetect: false, Description: "'
    ),
    "a backend of a modality that the import form has no place for": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")).edit(
            CAPABILITIES,
            ('\tUsecaseVAD        = "vad"\n', '\tUsecaseVAD        = "vad"\n\tUsecaseFace       = "face_recognition"\n'),
            (capability("heron"), capability("heron").replace("UsecaseVAD", "UsecaseFace")),
        ),
        also=None,
    ),
    "a backend of two modalities": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")).edit(
            CAPABILITIES,
            (capability("heron"), capability("heron").replace("{UsecaseVAD}", "{UsecaseVAD, UsecaseTTS}", 1)),
        ),
        also=None,
    ),
    "a backend known by its tags, whose server answers for two modalities": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")).edit(CAPABILITIES, (capability("heron"), "")).edit(
            SERVER, ("  grpc::Status VAD(", f"  {TTS}\n\n  grpc::Status VAD(")
        ),
        also=("capabilities-missing",), says="add a line with its modality",
    ),
    "a backend known by its tags only": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")).edit(CAPABILITIES, (capability("heron"), "")),
        also=("capabilities-missing",), fix=True,
    ),
    "a server whose use nobody states": Case(
        "capabilities-missing", "heron", CAPABILITIES, ('"night-heron": {', "\t},"),
        offered((HERON, "")).edit(CAPABILITIES, (capability("heron"), "")),
        also=("importer-missing",), says="VAD",
    ),
    "a server in a group without a use case": Case(
        "capabilities-missing", "heron", CAPABILITIES, ('"night-heron": {', "\t},"),
        offered((HERON, HERON.replace('"vad"', '"3d"'))).edit(CAPABILITIES, (capability("heron"), "")),
        says="serves VAD",
    ),
    "an offer that no branch takes": Case(
        "importer-missing", "heron", f"{FOLDER}/llama-cpp.go", ('{Name: "heron"',),
        offered((HERON, "")).edit(f"{FOLDER}/llama-cpp.go", (OFFER, OFFER + OFFER.replace("meadow-lark", "heron"))),
        says="no branch takes it",
    ),
    "a branch for what is not offered": Case(
        "importer-missing", "heron", PREF_ONLY, ('"night-heron"',),
        offered((HERON, "")).edit(f"{FOLDER}/llama-cpp.go", (BRANCH, f'{BRANCH}, "heron"')),
        fix=True, says="no pref-only line offers heron",
    ),
    "generic before specific": Case(
        "importer-order", "wren", IMPORTERS, ("&WrenImporter{}",),
        MINIATURE.edit(IMPORTERS, (WREN, ""), (LLAMA, LLAMA + WREN)),
        fix=True, says="&LlamaCPPImporter{}",
    ),
    "a line that an importer shadows": Case(
        "importer-shadowed-pref", "lark", PREF_ONLY, ('Name: "lark"',),
        offered((HERON, HERON + HERON.replace('"heron"', '"lark"'))),
        fix=True, restores=True,
    ),
    "a line that an importer shadows, with a comment on it": Case(
        "importer-shadowed-pref", "lark", PREF_ONLY, ('Name: "lark"',),
        offered((HERON, HERON + "\t// lark: found by its importer\n\t// too\n" + HERON.replace('"heron"', '"lark"'))),
    ),
    "a backend whose use nobody states": Case(
        "capabilities-missing", "heron", CAPABILITIES, ('"night-heron": {', "\t},"),
        MINIATURE.edit(CAPABILITIES, (capability("heron"), "")),
        says="backend_capabilities.go",
    ),
    "a backend with an importer whose use nobody states": Case(
        "capabilities-missing", "lark", CAPABILITIES, ('"heron": {',),
        MINIATURE.edit(CAPABILITIES, (capability("lark"), "")),
    ),
    "an RPC whose method is gone": Case(
        "capabilities-unserved", "wren-cpp", CAPABILITIES, ('"wren": {', "GRPCMethods:"),
        MINIATURE.each("backend/go/wren-cpp/gowren.go", ") Embeddings(", ") embeddings("),
    ),
}  # fmt: skip

FINE = {
    "an offer that the importer takes by another way": (
        offered((HERON, "")).edit(
            f"{FOLDER}/llama-cpp.go",
            (OFFER, OFFER + OFFER.replace("meadow-lark", "heron")),
            ('\tbackend := "llama-cpp"\n', '\tbackend := "llama-cpp"\n\tif prefers(details, "heron") {\n\t\tbackend = "heron"\n\t}\n'),
        ),
        "importer-missing",
    ),
    "a backend that LocalAI's workers start": (
        offered((HERON, "")).write("core/cli/worker/worker_heron.go", 'package worker\n\nconst name = "heron"\n'),
        "importer-missing",
    ),
    "an alias of LocalAI": (offered((HERON, HERON + HERON.replace('"heron"', '"llama"'))), None),
    "a name in a test": (
        MINIATURE.write(f"{FOLDER}/plover_test.go", NEW.replace('"rookery"', '"nobody"')),
        None,
    ),
    "an importer that is registered": (
        MINIATURE.write(f"{FOLDER}/plover.go", NEW).edit(IMPORTERS, (LLAMA, f"\t&PloverImporter{{}},\n{LLAMA}")),
        "importer-unregistered",
    ),
    "a drop-in of another importer": (
        MINIATURE.each(f"{FOLDER}/llama-cpp.go", "GGUF drop-in replacement", "Drop-in replacement"),
        None,
    ),
    "a store serves no model": (MINIATURE.edit("backend/index.yaml", ("- vector-database", "- vectors")), None),
    "generic ones among themselves": (
        MINIATURE.edit(IMPORTERS, (LLAMA, f"{LLAMA}\t&VLLMImporter{{}},\n")),
        "importer-order",
    ),
    "an RPC that the lender of a fork does not define": (
        MINIATURE.edit(CAPABILITIES, (FORK, FORK.replace("MethodPredict,", "MethodPredict, MethodTTS,"))),
        "capabilities-unserved",
    ),
    "a method that another class brings": (
        MINIATURE.each("backend/go/wren-cpp/gowren.go", ") Embeddings(", ") embeddings(").write(
            "backend/go/wren-cpp/more/more.go", "package more\n\nfunc (m *More) Embeddings(a int) {}\n"
        ),
        "capabilities-unserved",
    ),
    "a backend under its alias": (
        MINIATURE.edit(CAPABILITIES, ('\t"wren": {', '\t"wren-cpp": {')),
        "capabilities-missing",
    ),
}  # fmt: skip


def test_a_checkout_from_before_the_registries() -> None:
    found = findings(MINIATURE.write(CAPABILITIES, None).write(PREF_ONLY, None).tree())
    assert {f.path for f in found} == {CAPABILITIES, PREF_ONLY}, "the files are missed, and no entry"
    assert {f.rule for f in found} == {"registration-file-missing"}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_who_only_serves_is_asked_what_it_serves_first() -> None:
    """That it cannot be imported for is told with it, and is no news when somebody has said what it serves."""
    untagged = offered((HERON, "")).edit(
        "backend/index.yaml", ("voice-activity-detection\n    - vad\n", "a\n")
    )
    before = untagged.edit(CAPABILITIES, (capability("heron"), "")).tree()
    (found,) = check.run(before, check.Scope(backends=["heron"])).findings
    assert (found.rule, "importer-missing" in found.help) == ("capabilities-missing", True)
    later = check.run(untagged.tree(), check.Scope(), before, "main")
    told = [(f.rule, later.is_new(i)) for i, f in enumerate(later.findings)]
    assert told == [("importer-missing", False)]


def test_a_fork_serves_what_it_borrows() -> None:
    offer = 'Name: "meadow-lark"'
    hidden = MINIATURE.each(f"{FOLDER}/llama-cpp.go", offer, 'Name: "llama-cpp"').edit(
        CAPABILITIES, ('\t"meadow-lark": {', '\t"meadow-owl": {')
    )
    (found,) = (f for f in findings(hidden.tree(), "capabilities-missing"))
    assert (found.backend, "serves Embedding, Predict" in found.message) == ("meadow-lark", True)
    alone = hidden.each("backend/cpp/meadow-lark/Makefile", "../llama-cpp", "sources/llama-cpp")
    assert findings(alone.tree(), "capabilities-missing") == []


@pytest.mark.parametrize("data", [None, b"package importers\n"])
def test_a_registered_importer_that_no_file_defines(data: bytes | None) -> None:
    tree = Overlay(BASE, {f"{FOLDER}/wren.go": data})
    found = workers.find(Registry(tree), [RULES["importer-unregistered"]])
    assert [(f.path, f.subject, f.severity) for f in found] == [(IMPORTERS, "WrenImporter", Severity.error)]


@pytest.mark.parametrize("expected", ["", '\t\texpectPrefOnly("heron", "vad")\n'])
def test_a_line_comes_back_and_is_expected_once(expected: str) -> None:
    path = "core/http/endpoints/localai/backend_test.go"
    text = text_of(BASE, path) + '\t\texpectPrefOnly("night-heron", "vad")\n' + expected
    tree = offered((HERON, "")).write(path, text).tree()
    after = fix.repair(tree, check.Scope()).changes.overlay()
    assert text_of(after, path).count('expectPrefOnly("heron", "vad")') == 1
    assert text_of(after, PREF_ONLY).count('Name: "heron"') == 1
