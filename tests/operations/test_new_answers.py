"""Each answer of new-backend stands where it belongs, the removal takes it back, and what is printed is true."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from scaffold.backend.modalities import EVERY, MODALITIES, known
from scaffold.backend.variants import REFINED_KEYS, VARIANTS
from scaffold.checkout import git
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.errors import UsageError
from scaffold.operations import check, fix, new, remove, variants, workers
from scaffold.registry import Registry
from scaffold.report import new_backend as report
from scaffold.rules import registration_rules
from scaffold.surfaces.matrix.reading import MATRIX_FILE
from tests.conftest import PIN, export, real_repository
from tests.consumers import run, scaffold
from tests.lifecycle import as_repository
from tests.operations.test_new import KINDS, NATIVE, answers
from tests.rules.gallery.trees import HARDWARE
from tests.rules.trees import BASE, CAPABILITIES, MINIATURE

FEATURES = "docs/content/features/backends.md"
TYPES = """
## Backend Types

- **LLM Backends**: For language models (e.g., llama.cpp, wren.cpp)
- **Text-to-Speech Backends**: For speech (e.g., [finch]({{%relref "features/finch" %}}))
- **3D Generation Backends**: For meshes
"""
WITH_TYPES = MINIATURE.append(FEATURES, TYPES)
IMAGE_TESTS = MINIATURE.append(
    "Makefile", "\ntest-extra-backend:\n\ttrue\n\ntest-extra-backend-heron: docker-build-heron\n\ttrue\n"
)


def planned(tree: Tree = BASE, lang: str = "go", kind: str = "purego", **more: Any) -> new.NewBackend:
    return new.plan(tree, answers(lang, kind, **more))


def text(plan: new.NewBackend, path: str) -> str:
    return (plan.changes.overlay().read(path) or b"").decode()


def added(plan: new.NewBackend, path: str) -> str:
    """What a plan inserts into a file."""
    return "\n".join(edit.text for edit in plan.changes.edits if edit.path == path)


def assert_taken_back(plan: new.NewBackend) -> None:
    gone = remove.plan(plan.changes.overlay(), plan.backend.name).changes
    assert {*gone.deleted} >= {*plan.changes.created}
    for path in plan.changes.edited_paths():
        assert gone.overlay().read(path) == plan.changes.tree.read(path), path


# --- what is printed -------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "kind"), KINDS)
@pytest.mark.parametrize("imports", ["auto", "none"])
@pytest.mark.parametrize("tree", ["miniature", "HEAD"])
def test_each_printed_command_can_be_run(
    miniature: Path, tmp_path: Path, tree: str, lang: str, kind: str, imports: str
) -> None:
    if tree == "HEAD" and real_repository() is None:
        pytest.skip("LOCALAI_REPO names no clone")
    root = as_repository(miniature if tree == "miniature" else export(tree, tmp_path / "head"))
    plan = new.plan(WorkTree(root), answers(lang, kind, imports=imports, variants=("cpu",)))
    plan.commit(root)
    printed = report.as_text(plan, dry_run=False)
    commands = [shlex.split(command) for command in re.findall(r"`((?:make|scaffold) [^`]+)`", printed)]
    assert [command[0] for command in commands].count("make") == 1
    first = re.findall(r"(?m)^next: `(.*)`\n {6}`(.*)`\n {6}`(.*)`$", printed)
    assert first == [new.next_commands(plan)]
    harmless = {"published": ["--help"], "add-variant": ["--dry-run"]}  # one asks the network
    for program, *arguments in commands:
        if program == "make":
            run("make", "-n", *arguments, cwd=root)
        else:
            result = scaffold(*arguments, *harmless.get(arguments[0], ()), cwd=root)
            assert result.returncode == 0, result.stderr
    assert ("`scaffold add-variant" in printed) == (kind not in ("llama-fork", "tonic"))


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_each_place_that_is_left_to_a_person_is_there(miniature: Path, lang: str, kind: str) -> None:
    plan = new.plan(WorkTree(miniature), answers(lang, kind, imports="auto", modality="score"))
    plan.commit(miniature)
    for path, what in plan.manual:
        file, _, line = path.partition(":")
        assert (miniature / file).exists() or file == "gallery/index.yaml", (path, what)
        if line:
            lines = (miniature / file).read_text().splitlines()
            assert ") Match(" in lines[int(line) - 1]
        if "TODO" in what:
            files = [p for p in (miniature / file).rglob("*") if p.is_file()]
            assert sum(p.read_text(errors="replace").count("TODO") for p in files) == 1
    asked = " ".join(what for _, what in plan.manual)
    assert ("TODO" in asked) == (kind != "llama-fork")


# --- modalities ------------------------------------------------------------------------------------


def test_the_checkout_says_which_modalities_there_are() -> None:
    tree = MINIATURE.edit(
        CAPABILITIES,
        ('\tUsecaseVAD        = "vad"\n', '\tUsecaseVAD        = "vad"\n\tUsecaseSmell      = "smell_test"\n'),
        ("var UsecaseInfoMap = map[string]UsecaseInfo{\n",
         "var UsecaseInfoMap = map[string]UsecaseInfo{\n\tUsecaseSmell: {GRPCMethod: MethodDetect},\n"),
    ).tree()  # fmt: skip
    with pytest.raises(UsageError, match="unknown modality 'smell-test'"):
        planned(modality="smell-test")
    entry = added(planned(tree, modality=("smell-test", "tts")), CAPABILITIES)
    assert "GRPCMethods:      []GRPCMethod{MethodDetect, MethodTTS}," in entry
    assert "PossibleUsecases: []string{UsecaseSmell, UsecaseTTS}," in entry
    assert "DefaultUsecases:  []string{UsecaseSmell}," in entry


@pytest.mark.parametrize("modality", EVERY)
@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_every_modality_gets_its_registrations(lang: str, kind: str, modality: str) -> None:
    if (kind, modality) == ("llama-fork", "none"):
        with pytest.raises(UsageError, match="serves what"):
            planned(BASE, lang, kind, modality=modality)
        return
    plan = planned(BASE, lang, kind, modality=modality)
    overlay = plan.changes.overlay()
    registry = Registry(overlay)
    assert registry.documented[plan.backend.name]
    key = EVERY[modality].import_key
    if kind == "llama-fork":
        offer = f'{{Name: "{plan.backend.name}", Modality: "{key}"'
        assert offer in added(plan, "core/gallery/importers/llama-cpp.go")
    lines = [line for line in registry.importers.pref_only if line.name == plan.backend.name]
    is_alone = kind != "llama-fork" and modality != "none"
    assert [line.modality for line in lines] == ([key] if is_alone else [])
    assert_taken_back(plan)


def test_check_has_nothing_to_say_where_the_checkout_has_no_use_case() -> None:
    plan = planned(modality="3d", summary="A sentence.")
    assert "there is no constant for 3d, Generate3D" in " ".join(what for _, what in plan.manual)
    registry = Registry(plan.changes.overlay())
    assert "ibex-x2" in {line.name for line in registry.importers.pref_only}
    assert not [f for f in workers.find(registry, registration_rules()) if f.rule == "capabilities-missing"]


def test_a_use_case_of_a_row_with_several_is_a_modality() -> None:
    rows = known({"chat": "Predict", "completion": "Predict", "tts": "TTS"})
    assert rows["chat"] == MODALITIES["llm"]._replace(name="chat", usecases=("chat",))
    assert rows["tts"] == MODALITIES["tts"]
    entry = added(planned(modality="chat", rpcs=("TokenizeString",), accepts=("images",)), CAPABILITIES)
    assert "UsecaseCompletion" not in entry
    assert "MethodPredict, MethodPredictStream, MethodTokenizeString}" in entry


def test_capability_entries_say_what_a_model_takes(tmp_path: Path) -> None:
    plan = planned(modality=("llm", "tts"), accepts=("images", "videos"), defaults=("tts",))
    entry = added(plan, CAPABILITIES)
    assert re.search(r"AcceptsImages: +true,", entry)
    assert "DefaultUsecases:  []string{UsecaseTTS}," in entry
    assert_taken_back(plan)
    with pytest.raises(UsageError, match="unknown input 'smells'"):
        planned(accepts=("smells",))


@pytest.mark.parametrize(("lang", "kind"), [each for each in KINDS if each[1] != "llama-fork"])
@pytest.mark.parametrize("imports", ["auto", "pref-only"])
def test_what_serves_no_model_may_stand_in_the_import_form(imports: str, lang: str, kind: str) -> None:
    plan = planned(BASE, lang, kind, modality="none", imports=imports, summary="A sentence.")
    registry = Registry(plan.changes.overlay())
    assert registry.importers.groups["ibex-x2"] == "other"
    assert registry.capabilities.entry("ibex-x2") is None
    said = [f.rule for f in workers.find(registry, registration_rules()) if f.backend == "ibex-x2"]
    assert not [rule for rule in said if rule.startswith(("importer", "capabilities", "docs"))]
    assert_taken_back(plan)


def test_what_serves_no_model_is_left_out_of_the_form_where_nobody_asks() -> None:
    plan = planned(modality="none")
    assert plan.backend.imports == "none"
    assert any("nobody can import a model for it" in what for _, what in plan.manual)


@pytest.mark.parametrize(("answer", "value"), [("accepts", ("images",)), ("defaults", ("chat",))])
def test_what_only_a_model_has_is_not_dropped_without_one(answer: str, value: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="give --modality"):
        planned(modality="none", **{answer: value})


def test_an_rpc_of_what_serves_no_model_is_left_to_a_person() -> None:
    plan = planned(modality="none", rpcs=("TokenizeString",))
    assert any(path == CAPABILITIES and "TokenizeString" in what for path, what in plan.manual)


def test_a_use_case_that_is_not_declared_yet_may_be_the_default() -> None:
    plan = planned(modality="3d", defaults=("3d",), rpcs=("Generate3D",))
    assert any("there is no constant for 3d" in what for _, what in plan.manual)
    with pytest.raises(UsageError, match="unknown use case 'smell'"):
        planned(modality="3d", defaults=("smell",))
    with pytest.raises(UsageError, match="unknown RPC 'Predikt'; did you mean Predict"):
        planned(modality="3d", rpcs=("Predikt",))


# --- names -----------------------------------------------------------------------------------------


def test_mlx_is_an_engine_where_it_is_a_word_and_built_for_macos() -> None:
    plan = planned(lang="python", kind="plain", name="mlx-ibex", variants=("cpu", "metal"))
    assert ("pkg/system/capabilities.go",) in {m[:1] for m in plan.manual}
    alone = planned(lang="python", kind="plain", name="mlx-ibex", variants=("metal",))
    assert ("pkg/system/capabilities.go",) not in {m[:1] for m in alone.manual}
    with pytest.raises(UsageError, match="LocalAI takes what has 'mlx' in its name for macOS"):
        planned(lang="python", kind="plain", name="mlx-ibex", variants=("cpu",))


def test_a_title_is_what_tables_call_it() -> None:
    plan = new.plan(WITH_TYPES.tree(), answers("go", "purego", title="Quiet Ibex"))
    registry = Registry(plan.changes.overlay())
    assert {row.name for _, row in registry.documented["ibex-x2"]} == {"Quiet Ibex"}
    assert ", Quiet Ibex" in added(plan, FEATURES)
    assert_taken_back(plan)


def test_a_section_is_chosen_by_words_of_its_heading() -> None:
    plan = planned(modality="none", section="speech")
    ((table, _),) = Registry(plan.changes.overlay()).documented["ibex-x2"]
    assert "speech" in table.heading.lower()
    with pytest.raises(UsageError, match="no section of the compatibility table is called 'nowhere'"):
        planned(modality="none", section="nowhere")


# --- platforms -------------------------------------------------------------------------------------


def test_a_variant_for_one_architecture_is_one_entry() -> None:
    plan = planned(variants=("cpu:amd64", "vulkan", "metal"))
    entries = Registry(plan.changes.overlay()).matrix.entries_of("ibex-x2")
    built = {e.tag_suffix: (e.arches, e.fields.get("platform-tag")) for e in entries if e.variant == "cpu"}
    assert built == {"-cpu-ibex-x2": (("amd64",), None)}
    assert sum(e.variant == "vulkan" for e in entries) == 2
    assert_taken_back(plan)
    with pytest.raises(UsageError, match="unknown architecture of cuda13 'arm64'"):
        planned(variants=("cuda13:arm64",))


def test_what_ci_builds_with_may_be_chosen() -> None:
    """A comment says that it was, so that `check` has nothing to say of it; and it goes with the backend."""
    chosen = ("cuda12.runs-on=big-one", "rocm.base-image=acme/rocm:1")
    plan = planned(variants=("cuda12", "rocm"), entries=chosen)
    registry = Registry(plan.changes.overlay())
    entries = registry.matrix.entries_of("ibex-x2")
    found = {f"{e.variant}.{field}={value}" for e in entries for field, value in e.fields.items()}
    assert {*chosen} <= found
    said = {f.message for f in workers.find(registry, registration_rules()) if f.backend == "ibex-x2"}
    assert not [message for message in said if "runs-on" in message or "base-image" in message]
    assert_taken_back(plan)
    unchosen = planned(variants=("cuda12",), entries=("cuda12.runs-on=ubuntu-latest",))
    assert "on purpose" not in added(unchosen, MATRIX_FILE)


def test_an_image_that_brings_another_cuda_is_explained() -> None:
    """Where siblings install an older toolkit than the image has, that a Dockerfile without one needs."""
    tree = MINIATURE.each(MATRIX_FILE, 'cuda-minor-version: "8"', 'cuda-minor-version: "0"').tree()
    registry = Registry(planned(tree, "cpp", "grpc", variants=("cuda12",), summary="A.").changes.overlay())
    (entry,) = registry.matrix.entries_of("ibex-x2")
    assert entry.fields["cuda-minor-version"] == "0"
    found = [f for f in workers.find(registry, registration_rules()) if f.backend == "ibex-x2"]
    assert not [f.message for f in found if f.rule == "matrix-outlier-field"]


def test_an_image_may_be_called_otherwise() -> None:
    plan = planned(variants=("cpu:amd64", "vulkan"), entries=("cpu.tag-suffix=-plain-ibex-x2",))
    registry = Registry(plan.changes.overlay())
    assert registry.gallery.by_name["plain-ibex-x2"].uri.endswith(":latest-plain-ibex-x2")
    assert registry.gallery.by_name["ibex-x2"].capabilities["default"] == "plain-ibex-x2"
    assert_taken_back(plan)


def test_an_item_of_the_gallery_may_be_called_otherwise() -> None:
    plan = planned(variants=("cpu", "metal"), entries=("metal.image=apple-ibex-x2",))
    registry = Registry(plan.changes.overlay())
    assert registry.gallery.by_name["apple-ibex-x2"].uri.endswith(":latest-metal-darwin-arm64-ibex-x2")
    assert registry.gallery.by_name["ibex-x2"].capabilities["metal"] == "apple-ibex-x2"
    assert_taken_back(plan)


def test_the_only_image_may_be_what_users_choose() -> None:
    plan = planned(variants=("cpu:amd64",), entries=("cpu.tag-suffix=-ibex-x2",))
    registry = Registry(plan.changes.overlay())
    item, twin = (registry.gallery.by_name[f"ibex-x2{ending}"] for ending in ("", "-development"))
    assert item.uri.endswith(":latest-ibex-x2")
    assert twin.uri.endswith(":master-ibex-x2")
    assert not item.capabilities
    assert not [i for i in registry.gallery.items if i.name.endswith("-ibex-x2")]
    assert_taken_back(plan)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("cuda12.runs-on=a", "no Linux entry of cuda12"),
        ("metal.runs-on=a", "no Linux entry of metal"),
        ("cpu.context=a", "unknown field 'context'"),
        ("cpu.runs-on", "is not VARIANT.FIELD=VALUE"),
        ("cpu.runs-on=a: b", "is not VARIANT.FIELD=VALUE"),
        ("cpu.tag-suffix=-other", "name of the backend"),
        ("cpu.tag-suffix=-ibex-x2", "one image"),
        ("cpu.tag-suffix=plain-ibex-x2", "name of the backend"),
        ("cpu.image=-plain-ibex-x2", "name of the backend"),
        ("cpu.image=ibex-x2", "one image"),
    ],
)
def test_what_ci_cannot_build_with_is_refused(entry: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        planned(variants=("cpu", "vulkan", "metal"), entries=(entry,))


def test_a_long_build_prints_its_progress() -> None:
    definition = Registry(planned(progress=True).changes.overlay()).makefile.definitions
    assert {d.progress for d in definition if d.name == "ibex-x2"} == {"--progress=plain"}
    assert_taken_back(planned(progress=True))


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_the_legs_of_every_image_stand_together(lang: str, kind: str) -> None:
    plan = planned(BASE, lang, kind, variants=new.usable(lang, kind))
    tags = [entry.tag_suffix for entry in Registry(plan.changes.overlay()).matrix.linux]
    runs = [tag for before, tag in zip([None, *tags], tags, strict=False) if tag != before]
    assert len(runs) == len({*tags})


def test_hardware_gets_the_variant_that_is_asked_for() -> None:
    chosen = ("intel=sycl-f32", "amd=vulkan")
    plan = planned(variants=("cpu", "sycl-f16", "sycl-f32", "vulkan"), capabilities=chosen)
    meta = Registry(plan.changes.overlay()).gallery.by_name["ibex-x2"].capabilities
    assert meta["intel"] == "intel-sycl-f32-ibex-x2"
    assert meta["amd"] == "vulkan-ibex-x2"
    with pytest.raises(UsageError, match="not built for rocm"):
        planned(capabilities=("amd=rocm",))
    with pytest.raises(UsageError, match="is not KEY=VARIANT"):
        planned(capabilities=("amd",))
    with pytest.raises(UsageError, match="unknown kind of hardware 'intl'; did you mean intel"):
        planned(capabilities=("intl=cpu",))


@pytest.mark.parametrize(
    "variants", [("cuda12",), ("cuda13",), ("cpu", "cuda12"), ("l4t",), ("cuda12", "l4t")]
)
def test_no_host_is_left_without_an_image(variants: tuple[str, ...]) -> None:
    """LocalAI asks for the key of the toolkit that it sees, then for the CPU: one of them must be there."""
    tree = MINIATURE.write("pkg/system/capabilities.go", HARDWARE).tree()
    registry = Registry(planned(tree, variants=variants).changes.overlay())
    meta = registry.gallery.by_name["ibex-x2"].capabilities
    for vendor, refined in REFINED_KEYS.items():
        for key in refined if vendor in meta else ():
            assert key in meta or "default" in meta or key not in registry.hardware.reported


@pytest.mark.parametrize("name", ["lark", "ibex-x2"])
@pytest.mark.parametrize("added", [("cuda12",), ("cuda13",), ("l4t",), ("cuda12", "l4t-cuda13")])
def test_no_host_is_left_without_an_image_by_a_variant_more(name: str, added: tuple[str, ...]) -> None:
    """Keys of a toolkit lead to the new images only where no CPU image is there for their hosts."""
    tree = MINIATURE.write("pkg/system/capabilities.go", HARDWARE).tree()
    before = planned(tree, variants=("rocm",)).changes.overlay()
    meta = Registry(before).gallery.by_name[name].capabilities
    plan = variants.add(before, name, added)
    after = Registry(plan.changes.overlay())
    keys = after.gallery.by_name[name].capabilities
    assert meta.items() <= keys.items()
    for vendor, refined in REFINED_KEYS.items():
        for key in refined if vendor in keys else ():
            assert key in keys or "default" in keys or key not in after.hardware.reported
    if "default" in keys:
        served = {key for variant in added for key in VARIANTS[variant].capabilities}
        assert keys.keys() - meta.keys() <= served
    back = variants.remove(plan.changes.overlay(), name, added).changes.overlay()
    assert back.read("backend/index.yaml") == before.read("backend/index.yaml")


def test_a_server_may_be_compiled_on_the_builder_image() -> None:
    plan = planned(BASE, "cpp", "grpc", prebuilt=True, variants=("cpu", "cuda13"))
    entries = Registry(plan.changes.overlay()).matrix.entries_of("ibex-x2")
    assert all(entry.prebuilt for entry in entries)
    dockerfile = text(plan, "backend/Dockerfile.ibex-x2")
    assert "FROM ${BUILDER_BASE_IMAGE} AS builder-prebuilt" in dockerfile
    assert "FROM ${BUILDER_TARGET} AS builder" in dockerfile
    with pytest.raises(UsageError, match="only a gRPC server"):
        planned(prebuilt=True)


@pytest.mark.parametrize(("lang", "kind"), [("go", "purego"), ("cpp", "grpc")])
def test_code_for_macos_comes_with_its_build(lang: str, kind: str) -> None:
    """It is in no file of a backend for Linux; files that a person has changed are left to them."""
    made = planned(BASE, lang, kind, variants=("cpu",))
    files = made.changes.created
    assert not any(b"Darwin" in file.content for file in files.values())
    script = f"{made.backend.directory}/run.sh"
    changed = Overlay(made.changes.overlay(), {script: files[script].content + b"# mine\n"})
    plan = variants.add(changed, "ibex-x2", ["metal"])
    overlay = plan.changes.overlay()
    assert b"Darwin" in (overlay.read(f"{made.backend.directory}/Makefile") or b"")
    assert overlay.read(script) == changed.read(script)
    assert (script, "give it what macOS needs: it has nothing for it") in plan.manual


# --- what people read ------------------------------------------------------------------------------


def test_the_sentence_and_the_text_stand_where_each_belongs() -> None:
    description = "Sings like an ibex.\n\nIt has: horns, and 'hooves'.\n  - four"
    plan = planned(summary="An ibex that sings.", description=description, url=("https://a.b", "https://c.d"))
    meta = Registry(plan.changes.overlay()).gallery.by_name["ibex-x2"].item
    assert meta.lists["urls"] == ("https://a.b", "https://c.d")
    gallery = added(plan, "backend/index.yaml")
    assert "    Sings like an ibex.\n" in text(plan, "backend/index.yaml")
    assert "      - four" in gallery
    assert "An ibex that sings." not in gallery
    for path in (CAPABILITIES, "docs/content/reference/compatibility-table.md"):
        assert "An ibex that sings." in added(plan, path)
        assert "four" not in added(plan, path)


def test_a_description_may_stand_in_a_file(miniature: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.md"
    file.write_text("One line.\nAnd another.\n")
    given = ("new-backend", "ibex", "--lang", "go", "--no-input", "--description")
    assert scaffold(*given, f"@{file}", cwd=miniature).returncode == 0
    assert "    One line.\n    And another.\n" in (miniature / "backend/index.yaml").read_text()
    assert scaffold(*given, "@/nowhere/at-all", cwd=miniature).returncode == 2


def test_an_engine_of_the_project_gets_its_row_and_every_backend_its_example() -> None:
    plan = planned(WITH_TYPES.tree(), modality=("tts", "llm", "vad"), upstream="aviary-example/ibex-x2.cpp")
    assert added(plan, "README.md").startswith(
        "| [ibex-x2.cpp](https://github.com/aviary-example/ibex-x2.cpp) |"
    )
    bullets = text(plan, FEATURES)
    assert 'features/finch" %}}), ibex-x2.cpp)' in bullets
    assert "wren.cpp, ibex-x2.cpp)" in bullets
    assert [what for path, what in plan.manual if path == FEATURES] == [
        "name ibex-x2.cpp among the backend types: none is for audio processing"
    ]
    assert_taken_back(plan)
    assert added(planned(upstream="stranger/ibex-x2.cpp"), "README.md") == ""


def test_each_modality_has_its_row() -> None:
    plan = planned(modality=("asr", "tts"), upstream="acme/Ibex_X2")
    rows = Registry(plan.changes.overlay()).documented["ibex-x2"]
    assert {row.name for _, row in rows} == {"Ibex_X2"}
    assert len(rows) == len({table.heading for table, _ in rows}) >= 1
    assert_taken_back(plan)


def test_the_gallery_may_call_it_otherwise() -> None:
    plan = planned(gallery_name="ibex", imports="auto", icon="https://a.b/i.png")
    registry = Registry(plan.changes.overlay())
    assert [meta.name for meta in registry.gallery.metas("ibex-x2")] == ["ibex", "ibex-development"]
    assert registry.capabilities.entry("ibex")
    assert registry.importers.importer_of("ibex")
    assert registry.gallery.by_name["ibex"].item.fields["icon"] == "https://a.b/i.png"
    assert_taken_back(plan)


# --- tests and importers ---------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_a_model_for_the_test_of_the_image(lang: str, kind: str) -> None:
    model = "https://example.com/ibex.gguf"
    tree = IMAGE_TESTS.rewrite(
        ".github/workflows/test-extra.yml", lambda before: before.replace("tests-heron:", "tests-heron-grpc:")
    ).tree()
    plan = planned(tree, lang, kind, test_model=model)
    jobs = {job.key for job in Registry(plan.changes.overlay()).test_jobs.jobs}
    own = {"tests-ibex-x2-grpc"} if kind == "llama-fork" else {"tests-ibex-x2-grpc", "tests-ibex-x2"}
    assert {job for job in jobs if "ibex" in job} == own
    rule = added(plan, "Makefile")
    assert f"\tBACKEND_TEST_MODEL_URL={model} \\" in rule
    assert "test-extra-backend-ibex-x2: docker-build-ibex-x2" in rule
    assert_taken_back(plan)


@pytest.mark.parametrize("match", ["foo", "a/b/c", "owner/", "tag:", "[a.gguf", "https://x.y/z", "tag:a b"])
def test_what_can_match_nothing_is_refused(match: str) -> None:
    with pytest.raises(UsageError, match="nothing could match"):
        planned(imports="auto", match=(match,))


@pytest.mark.parametrize(("given", "near"), [("MITT", "mit"), ("Zlib", ""), ("mit", None)])
def test_a_license_that_no_backend_has_is_asked_about(given: str, near: str | None) -> None:
    said = [what for _, what in planned(license=given).manual if "SPDX" in what]
    assert bool(said) is (near is not None)
    assert near is None or f"did you mean {near}" in said[0].lower() or not near


GLOBS = ("*-ibex.gguf", "acme/ibex-*", "tag:text-to-speech")


@pytest.mark.parametrize("match", [(), *((glob,) for glob in GLOBS), GLOBS], ids=str)
def test_importers_take_what_is_theirs(miniature: Path, match: tuple[str, ...]) -> None:
    """The generated test says what each pattern takes; LocalAI's registry and go vet agree."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    plan = new.plan(WorkTree(miniature), answers("go", "purego", imports="auto", match=match))
    plan.commit(miniature)
    files = [path for path in plan.changes.created if path.startswith("core/")]
    assert sorted(files) == [f"core/gallery/importers/ibex-x2{end}.go" for end in ("", "_test")]
    assert run("gofmt", "-l", *files, cwd=miniature).stdout == ""
    run("go", "vet", "./core/gallery/...", cwd=miniature)
    run("go", "test", "./core/gallery/...", cwd=miniature)
    assert any("write Match" in what for _, what in plan.manual) == (not match)


def test_a_drop_in_is_offered_by_the_importer_of_the_other(miniature: Path) -> None:
    plan = new.plan(WorkTree(miniature), answers("cpp", "llama-fork", imports="drop-in:llama-cpp"))
    host = "core/gallery/importers/llama-cpp.go"
    assert '{Name: "ibex-x2", Modality: "tts"' in added(plan, host)
    assert Registry(plan.changes.overlay()).importers.emitted["ibex-x2"].path == host
    assert_taken_back(plan)
    plan.commit(miniature)
    if shutil.which("go"):
        run("go", "vet", "./core/...", cwd=miniature)
        run("go", "test", "./core/...", cwd=miniature)


def test_a_fork_is_one_where_nobody_says_how_a_model_finds_it() -> None:
    """As `check --fix` has it: both plan the same lines."""
    fork, said = (
        planned(BASE, "cpp", "llama-fork"),
        planned(BASE, "cpp", "llama-fork", imports="drop-in:llama-cpp"),
    )
    assert fork.backend.imports == "drop-in:llama-cpp"
    assert fork.changes.overlay().changes == said.changes.overlay().changes
    host = "core/gallery/importers/llama-cpp.go"
    lost = Overlay(BASE, {**fork.changes.overlay().changes, host: BASE.read(host)})
    repaired = fix.repair(lost, check.Scope(), BASE, "main")
    assert [f.rule for f in repaired.fixed] == ["importer-missing"]
    assert text(fork, host) == (repaired.changes.overlay().read(host) or b"").decode()


@pytest.mark.parametrize(
    "more", [{"imports": "pref-only"}, {"imports": "auto"}, {"match": ("a/*",), "imports": "auto"}]
)
def test_a_fork_is_imported_as_its_author_says(more: dict[str, Any]) -> None:
    assert planned(BASE, "cpp", "llama-fork", **more).backend.imports == more["imports"]


def test_a_fork_has_a_line_of_its_own_where_its_lender_takes_none() -> None:
    tree = MINIATURE.each("core/gallery/importers/importers.go", "AdditionalBackendsProvider", "Provider")
    host = "core/gallery/importers/llama-cpp.go"
    tree = tree.each(host, "AdditionalBackendsProvider", "P").each(host, 'Modality: "text"', 'Kind: "text"')
    plan = planned(tree.tree(), "cpp", "llama-fork")
    assert plan.backend.imports == "pref-only"
    assert '{Name: "ibex-x2"' in added(plan, "core/http/endpoints/localai/backend.go")


def test_a_drop_in_of_two_importers_of_which_one_offered_none(miniature: Path) -> None:
    """The method that the other gets compiles, LocalAI lists what it offers, and the removal takes it back."""
    both = "drop-in:llama-cpp,drop-in:wren"
    plan = new.plan(WorkTree(miniature), answers("cpp", "llama-fork", imports=both))
    for host in ("llama-cpp", "wren"):
        assert '{Name: "ibex-x2", Modality: "tts"' in added(plan, f"core/gallery/importers/{host}.go")
    assert ("core/gallery/importers/wren.go", "ibex-x2") in {(m.path, m.what.split()[1]) for m in plan.manual}
    assert_taken_back(plan)
    plan.commit(miniature)
    assert run("gofmt", "-l", "core", cwd=miniature).stdout == ""
    run("go", "vet", "./core/...", cwd=miniature)
    again = new.plan(WorkTree(miniature), answers("python", "plain", name="lynx", imports="drop-in:wren"))
    assert_taken_back(again)


@pytest.mark.parametrize(
    ("imports", "why"),
    [("drop-in:nobody", "no importer is called"), ("drop-in:wren", "offers no other"),
     ("drop-in:llama-cpp,auto", "unknown import")],
)  # fmt: skip
def test_a_drop_in_where_none_can_be_is_refused(imports: str, why: str) -> None:
    tree = MINIATURE.each("core/gallery/importers/importers.go", "AdditionalBackendsProvider", "Provider")
    with pytest.raises(UsageError, match=why):
        planned(tree.each("core/gallery/importers/llama-cpp.go", "AdditionalBackendsProvider", "P").tree(),
                imports=imports)  # fmt: skip


def test_lists_of_drop_ins_grow_and_shrink_with_the_offers() -> None:
    host, test = "core/gallery/importers/llama-cpp.go", "core/gallery/importers/llama-cpp_test.go"
    offers = re.findall(r'\{Name: "([^"]+)"', (BASE.read(host) or b"").decode())
    listed = ", ".join(f'"{name}"' for name in offers)
    source = f"func branch(b string) string {{\n\tswitch b {{\n\tcase {listed}:\n\t}}\n\treturn b\n}}\n"
    expected = f"package importers_test\n\nvar _ = Expect(nil).To(ConsistOf({listed}))\n"
    tree = Overlay(MINIATURE.append(host, source).tree(), {test: expected.encode()})
    plan = planned(tree, "cpp", "llama-fork", imports="drop-in:llama-cpp")
    assert f'case {listed}, "ibex-x2":' in text(plan, host)
    assert f'ConsistOf({listed}, "ibex-x2")' in text(plan, test)
    assert_taken_back(plan)


# --- the upstream ----------------------------------------------------------------------------------


def test_the_head_of_an_upstream_is_asked_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "engine"
    for command in (
        ("git", "init", "-q", "-b", "trunk", str(work)),
        ("git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--allow-empty", "-m", "c"),
        ("git", "-C", str(work), "branch", "next/one"),
    ):  # fmt: skip
        run(*command, cwd=tmp_path)
    commit = run("git", "-C", str(work), "rev-parse", "HEAD", cwd=tmp_path).stdout.strip()
    assert git.remote_head(f"file://{work}") == ("trunk", commit)
    assert git.remote_head(f"file://{work}", "next/one") == ("next/one", commit)
    assert git.remote_head(f"file://{work}", "main") == ("", "")
    assert git.remote_head(f"file://{tmp_path}/nothing") == ("", "")

    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(git, "remote_head", lambda *given: asked.append(given) or ("trunk", PIN))
    plan = planned(pin="HEAD", upstream="git@github.com:acme/ibex.cpp.git")
    assert asked == [("https://github.com/acme/ibex.cpp", "")]
    assert (plan.backend.branch, plan.backend.pin) == ("trunk", PIN)
    monkeypatch.setattr(git, "remote_head", lambda *_: ("", ""))
    with pytest.raises(UsageError, match="gets no commit from"):
        planned(pin="HEAD")
    with pytest.raises(UsageError, match=r"'HAED' is no commit; did you mean HEAD\?"):
        planned(pin="HAED")


def test_everything_at_once_is_taken_back() -> None:
    tree = WITH_TYPES.tree()
    for lang, kind in KINDS:
        upstream = {"upstream": "aviary-example/ibex-x2.cpp", "pin": PIN} if kind in NATIVE else {}
        plan = planned(
            tree, lang, kind, modality=("asr", "tts", "llm"), imports="auto", match=GLOBS, gallery_name="ibex",
            accepts=("audios",), rpcs=("TTSStream",), description="a\nb", url=("https://a.b", "https://c.d"),
            variants=("cpu:amd64",), **upstream,
        )  # fmt: skip
        assert_taken_back(plan)


def test_what_a_bare_build_drops_is_ignored_as_it_is_of_most_of_its_kind() -> None:
    ignored = "/ibex-x2\n"
    assert ignored not in added(planned(kind="pure"), ".gitignore"), "one is nobody's habit"
    owl = planned(kind="pure", name="owl").changes.overlay()
    for lines, habit in ((b"/nest-store\n", False), (b"/nest-store\n/owl\n", True)):
        tree = Overlay(owl, {".gitignore": lines})
        for kind, expected in (("pure", habit), ("purego", False)):
            plan = planned(tree, kind=kind)
            assert (added(plan, ".gitignore") == ignored) is expected
            assert_taken_back(plan)
