"""remove-backend, add-variant and remove-variant on the miniature, as properties of the tree."""

from __future__ import annotations

import json
import re
import shutil
from itertools import cycle
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaffold.backend.modalities import MODALITIES
from scaffold.backend.variants import supported
from scaffold.checkout.journal import Journal
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.cli.main import program
from scaffold.errors import ScaffoldError, UsageError, WriteError
from scaffold.operations import new, remove, rename, variants
from scaffold.registry import Registry
from tests import faults, lifecycle
from tests.consumers import run, scaffold
from tests.operations.test_new import KINDS, answers
from tests.operations.test_new_then_check import variant_sets
from tests.rules.trees import BASE, MATRIX, text_of

REGISTRY = Registry(BASE)
NAMES = REGISTRY.names
BEFORE = lifecycle.findings(BASE)


# --- remove undoes new ----------------------------------------------------------------------------


def new_cases() -> list[tuple[str, str, tuple[str, ...], str, str]]:
    """Every kind with few variants, all of them and a mixture; imports and modalities in turn."""
    imports, modality = cycle(("auto", "pref-only", "none")), cycle(MODALITIES)
    cases = []
    for lang, kind in KINDS:
        sets = variant_sets(lang, kind)
        chosen = dict.fromkeys([max(sets, key=len), sets[-1], sets[len(sets) // 2]])
        cases += [(lang, kind, some, next(imports), next(modality)) for some in chosen]
    return cases


@pytest.mark.parametrize(("lang", "kind", "chosen", "imports", "modality"), new_cases())
def test_a_new_backend_is_removed_without_a_trace(
    miniature: Path, lang: str, kind: str, chosen: tuple[str, ...], imports: str, modality: str
) -> None:
    before = lifecycle.snapshot(miniature)
    imports = imports if modality != "none" else "none"
    wanted = answers(lang, kind, variants=chosen, imports=imports, modality=modality)
    new.plan(WorkTree(miniature), wanted).commit(miniature)
    assert lifecycle.snapshot(miniature) != before
    plan = remove.plan(WorkTree(miniature), "ibex-x2")
    plan.changes.commit(miniature)
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    assert plan.manual == ()
    assert plan.mentions == ()


def test_backends_leave_in_any_order(miniature: Path) -> None:
    """What is left when two go is what was there before either came."""
    before = lifecycle.snapshot(miniature)
    for number, (lang, kind) in enumerate(KINDS):
        new.plan(WorkTree(miniature), answers(lang, kind, name=f"ibex-{number}")).commit(miniature)
    for number in (2, 0, 5, 3, 1, 4):
        remove.plan(WorkTree(miniature), f"ibex-{number}").changes.commit(miniature)
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_what_git_ignores_stays(miniature: Path, lang: str, kind: str) -> None:
    lifecycle.as_repository(miniature)
    plan = new.plan(WorkTree(miniature), answers(lang, kind))
    plan.commit(miniature)
    folder = miniature / plan.backend.directory
    (folder / "built.o").write_bytes(b"\0")  # *.o is ignored
    (folder / "note.txt").write_text("not yet committed\n")
    remove.plan(WorkTree(miniature), "ibex-x2").changes.commit(miniature)
    assert [p.name for p in folder.iterdir()] == ["built.o"]
    assert run("git", "status", "--porcelain", cwd=miniature).stdout == ""


# --- every backend can be removed ----------------------------------------------------------------------


SUBMODULES = """[submodule "docs/theme"]
\tpath = docs/theme
\turl = https://github.com/acme/theme
[submodule "backend/rust/kestrel/sources/engine"]
\tpath = backend/rust/kestrel/sources/engine
\turl = https://github.com/acme/kestrel
"""


def test_a_submodule_goes_with_its_backend(miniature: Path) -> None:
    folder = miniature / "backend/rust/kestrel/sources/engine"
    folder.mkdir(parents=True)
    (miniature / ".gitmodules").write_text(SUBMODULES)
    before = lifecycle.snapshot(miniature)
    there = rename.plan(WorkTree(miniature), "kestrel", "quill-wort")
    there.changes.commit(miniature)
    moved = miniature / "backend/rust/quill-wort/sources/engine"
    assert moved.is_dir()
    assert not (miniature / "backend/rust/kestrel").exists()
    assert any("--force-remove backend/rust/kestrel/sources/engine" in m.what for m in there.manual)
    renamed = (miniature / ".gitmodules").read_text()
    assert renamed == SUBMODULES.replace("backend/rust/kestrel", "backend/rust/quill-wort")
    rename.plan(WorkTree(miniature), "quill-wort", "kestrel").changes.commit(miniature)
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []

    (folder / "main.c").write_text("")  # a clone is git's, and stays
    lifecycle.as_repository(folder)
    lifecycle.as_repository(miniature)
    remove.plan(WorkTree(miniature), "kestrel").changes.commit(miniature)
    left = [path.name for path in (miniature / "backend/rust/kestrel").rglob("*")]
    assert {"sources", "engine", "main.c"} <= {*left}
    assert "Cargo.toml" not in left
    assert (miniature / ".gitmodules").read_text() == SUBMODULES[: SUBMODULES.index('[submodule "backend')]


def in_index(root: Path) -> list[str]:
    """Where git's index has submodules."""
    listed = run("git", "ls-files", "-s", cwd=root).stdout.splitlines()
    return [line.partition("\t")[2] for line in listed if line.startswith("160000")]


def follow(root: Path, plan: remove.LifecyclePlan) -> int:
    """Commit a plan to the disk, and do what it says of submodules; how much that is."""
    plan.changes.commit(root)
    said = [m.what.partition("submodule")[2].partition(": ")[2] for m in plan.manual if "submodule" in m.what]
    for command in said:
        run("bash", "-ec", command, cwd=root)
    return len(said)


@pytest.mark.parametrize("is_followed", [True, False])
def test_what_is_said_of_a_submodule_can_be_done(is_followed: bool, miniature: Path) -> None:
    folder = "backend/rust/{}/sources/engine"
    (miniature / folder.format("kestrel")).mkdir(parents=True)
    (miniature / ".gitmodules").write_text(SUBMODULES)
    lifecycle.as_repository(miniature)
    entry = f"160000,{run('git', 'rev-parse', 'HEAD', cwd=miniature).stdout.strip()}"
    run("git", "update-index", "--add", "--cacheinfo", f"{entry},{folder.format('kestrel')}", cwd=miniature)
    for old, name in (("kestrel", "quill-wort"), ("quill-wort", "ibex-x2")):
        there = rename.plan(WorkTree(miniature), old, name)
        if is_followed:
            assert follow(miniature, there) == 1
            assert in_index(miniature) == [folder.format(name)]
        else:
            there.changes.commit(miniature)
    back = rename.plan(WorkTree(miniature), "ibex-x2", "kestrel")
    assert follow(miniature, back) == is_followed
    assert in_index(miniature) == [folder.format("kestrel")]
    assert follow(miniature, remove.plan(WorkTree(miniature), "kestrel")) == 1
    assert in_index(miniature) == []


def test_own_scripts_go_and_a_name_is_found_in_any_spelling(miniature: Path) -> None:
    scripts = ["backend/Dockerfile.meadow-lark"]
    for path in (".docker/meadow-lark-build-target.sh", "scripts/build/meadow-lark-build-target_test.sh"):
        (miniature / path).parent.mkdir(parents=True, exist_ok=True)
        (miniature / path).write_text("echo .docker/meadow-lark-build-target.sh\n")
        scripts.append(path)
    (miniature / "notes.txt").write_text("a lark\nMEADOW_LARK=1\nMeadowLark\nsee meadow-larks\n")
    before = lifecycle.snapshot(miniature)
    rename.plan(WorkTree(miniature), "meadow-lark", "quill").changes.commit(miniature)
    assert (miniature / ".docker/quill-build-target.sh").read_text() == "echo .docker/quill-build-target.sh\n"
    rename.plan(WorkTree(miniature), "quill", "meadow-lark").changes.commit(miniature)
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    plan = remove.plan(WorkTree(miniature), "meadow-lark")
    assert plan.changes.deleted >= set(scripts)
    assert [m.lines for m in plan.mentions if m.path == "notes.txt"] == [(2, 3)]
    lark = remove.plan(WorkTree(miniature), "lark")
    assert [m.lines for m in lark.mentions if m.path == "notes.txt"] == [(1,)]


def test_comments_and_tables_of_a_backend_go_with_it(miniature: Path) -> None:
    """A heading that is no more than the name goes from wherever it stands, a sentence does not."""
    heading, words = "  # lark (birds)\n", "  # lark, as the entries below\n"
    first = Registry(WorkTree(miniature)).matrix.entries_of("rookery")[0]
    matrix = miniature / MATRIX
    text = matrix.read_text()
    at = text.rindex("\n", 0, first.start) + 1
    matrix.write_text(text[:at] + words + heading + text[at:])
    gallery = miniature / "backend/index.yaml"
    start = Registry(WorkTree(miniature)).gallery.image_items("kestrel")[0].start
    items = gallery.read_text()
    at = items.rindex("\n", 0, start) + 1
    gallery.write_text(f"{items[:at]}## lark\n\n{items[at:]}")
    capabilities = miniature / "core/config/backend_capabilities.go"
    table = 'var quiet = map[string]struct{}{\n\t"lark": {},\n\t"wren": {},\n}\n'
    capabilities.write_text(f"{capabilities.read_text()}\n{table}")
    remove.plan(WorkTree(miniature), "lark").changes.commit(miniature)
    left = matrix.read_text()
    assert (words in left, heading in left) == (True, False)
    assert "## lark" not in gallery.read_text()
    assert capabilities.read_text().endswith('{\n\t"wren": {},\n}\n')


def test_models_that_ask_for_it_by_a_name_that_the_gallery_never_had_are_left_for_a_person() -> None:
    """Before, it is the importer's fault that names the backend; nobody says so when that is gone."""
    path = "gallery/wing.yaml"
    other = text_of(BASE, "backend/index.yaml").replace("kestrel", "kite").encode()
    tree = Overlay(BASE, {path: b"---\nconfig_file: |\n  backend: kestrel\n", "backend/index.yaml": other})
    assert [m.path for m in remove.plan(tree, "kestrel").manual].count(path) == 1


def test_a_condition_of_the_path_filter_goes_with_its_backend() -> None:
    """As the loop over all backends asked for the one whose sources are another's."""
    path = "scripts/lib/backend-filter.mjs"
    loop = """
export function outputs(backend, changed, files) {
  // lark builds the sources of wren.
  if (backend === "lark" && !changed) {
    changed = files.some(file => file.startsWith("backend/go/wren-cpp/"));
  }
  return changed;
}
"""
    tree = Overlay(BASE, {path: (text_of(BASE, path) + loop).encode()})
    after = text_of(remove.plan(tree, "lark").changes.overlay(), path)
    assert after.endswith("export function outputs(backend, changed, files) {\n  return changed;\n}\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_backend_is_forgotten(miniature: Path, tmp_path: Path, name: str) -> None:
    lifecycle.as_repository(miniature)
    folder = miniature / REGISTRY.directory(name)
    (folder / "icon.png").write_bytes(b"\x89PNG\0\xff" * 100)
    aliases = {alias for other in NAMES if other != name for alias in REGISTRY.aliases_of(other)}
    images = lifecycle.built_images(miniature)
    plan = remove.plan(WorkTree(miniature), name)
    run("git", "apply", "--check", "-", cwd=miniature, text=plan.changes.diff())
    plan.changes.commit(miniature)

    assert not folder.exists()
    lifecycle.assert_forgotten(BEFORE, WorkTree(miniature), name, plan)
    lifecycle.assert_mentions(miniature, name, aliases, plan)
    assert Registry(WorkTree(miniature)).names == tuple(n for n in NAMES if n != name)
    assert lifecycle.built_images(miniature) == images - {name}
    lifecycle.requires_node()
    lifecycle.assert_filter_tests(miniature, name)
    kept = lifecycle.inferred(miniature, tmp_path)
    assert set(kept.values()) == {f"{REGISTRY.directory(n)}/" for n in NAMES if n != name}


@pytest.mark.parametrize("name", ["llama-cpp", "finch-tts"])
def test_what_is_left_for_a_person_is_printed(miniature: Path, name: str) -> None:
    result = scaffold("remove-backend", name, "--dry-run", "--format", "json", cwd=miniature)
    answer = json.loads(result.stdout)
    plan = remove.plan(WorkTree(miniature), name)
    assert answer["manual"] == [{"path": m.path, "what": m.what} for m in plan.manual]
    assert [m["path"] for m in answer["mentions"]] == [m.path for m in plan.mentions]
    for mention in answer["mentions"]:
        line = (miniature / mention["path"]).read_text().splitlines()
        changed = mention["path"] in {e["path"] for e in answer["edited"]}
        spelled = re.compile("[-_]?".join(name.split("-")), re.IGNORECASE)
        assert changed or spelled.search(line[mention["line"] - 1]), mention


# --- variants --------------------------------------------------------------------------------------


def variant_cases() -> list[tuple[str, tuple[str, ...]]]:
    """Every backend with each variant that it is not built for, and with all of them."""
    cases: list[tuple[str, tuple[str, ...]]] = []
    for name in NAMES:
        fork = REGISTRY.kind(name) == "llama-fork"
        known = [v for v in supported(REGISTRY.directories[name]) if not (fork and v == "metal")]
        free = [v for v in known if v not in REGISTRY.variants(name)]
        cases += [(name, (variant,)) for variant in free]
        cases += [(name, tuple(free))] if len(free) > 1 else []
    return cases


@pytest.mark.parametrize(("name", "chosen"), variant_cases())
def test_a_variant_comes_and_goes(name: str, chosen: tuple[str, ...]) -> None:
    plan = variants.add(BASE, name, chosen)
    with_it = Overlay(BASE, plan.changes.contents())
    assert set(Registry(with_it).variants(name)) == {*REGISTRY.variants(name), *chosen}
    added = lifecycle.new_findings(BEFORE, lifecycle.findings(with_it))
    assert {f.rule for f in lifecycle.errors(added)} <= {"build-type-unhandled"}, (
        "an engine's options are theirs"
    )
    said = [m.what for m in plan.manual]
    assert all(any(f.rule in what for what in said) for f in added)

    back = variants.remove(with_it, name, chosen)
    without = Overlay(with_it, back.changes.contents())
    touched = {*plan.changes.contents(), *back.changes.contents()}
    assert [path for path in touched if without.read(path) != BASE.read(path)] == []


def offered(root: Path) -> Path:
    """A repository in whose gallery and table stands a variant of lark that nothing builds."""
    rocm = variants.add(WorkTree(root), "lark", ["rocm"]).changes
    for path in (path for path in rocm.edited_paths() if path != MATRIX):
        (root / path).write_bytes(rocm.overlay().read(path) or b"")
    return lifecycle.as_repository(root)


def test_what_was_offered_before_it_was_built_is_so_again(miniature: Path) -> None:
    """Only the last commit tells a variant that was half there from one that was not."""
    offered(miniature)
    variants.add(WorkTree(miniature), "lark", ["rocm"]).changes.commit(miniature)
    assert run("git", "status", "--porcelain", cwd=miniature).stdout == f" M {MATRIX}\n"
    variants.remove(WorkTree(miniature), "lark", ["rocm"]).changes.commit(miniature)
    assert run("git", "status", "--porcelain", cwd=miniature).stdout == ""


def test_a_variant_of_one_architecture_comes_and_goes(miniature: Path) -> None:
    lifecycle.as_repository(miniature)
    variants.add(WorkTree(miniature), "lark", ["vulkan:arm64"]).changes.commit(miniature)
    (entry,) = (e for e in Registry(WorkTree(miniature)).matrix.entries_of("lark") if e.variant == "vulkan")
    assert (entry.arches, "platform-tag" in entry.fields) == (("arm64",), False)
    assert variants.add(WorkTree(miniature), "lark", ["vulkan:amd64"]).already == ("vulkan",)
    variants.remove(WorkTree(miniature), "lark", ["vulkan"]).changes.commit(miniature)
    assert run("git", "status", "--porcelain", cwd=miniature).stdout == ""
    with pytest.raises(UsageError, match="unknown architecture of vulkan 's390x'"):
        variants.add(BASE, "lark", ["vulkan:s390x"])


@pytest.mark.parametrize("change", ["commit", "edit"])
def test_only_an_untouched_addition_is_undone(miniature: Path, change: str) -> None:
    """What is committed, or was edited since, loses the variant in every place."""
    offered(miniature)
    variants.add(WorkTree(miniature), "lark", ["rocm"]).changes.commit(miniature)
    if change == "commit":
        run("git", "-c", "user.name=t", "-c", "user.email=t@t.t", "commit", "-qam", "rocm", cwd=miniature)
    else:
        (miniature / MATRIX).write_text(f"# mine\n{(miniature / MATRIX).read_text()}")
    variants.remove(WorkTree(miniature), "lark", ["rocm"]).changes.commit(miniature)
    left = Registry(WorkTree(miniature))
    assert left.variants("lark") == REGISTRY.variants("lark")
    assert [item.name for item in left.gallery.items] == [item.name for item in REGISTRY.gallery.items]


def single(tree: Tree, name: str) -> Tree:
    """A tree in whose gallery a backend of one image has no metas: the image is an item of its own."""
    text = (tree.read("backend/index.yaml") or b"").decode()
    items = re.findall(rf"(?m)^- !!merge <<: \*{name}\n(?:  .*\n)+", text)
    for item in items:
        text = text.replace(item, "")
    latest, master = (item.partition('"\n')[2] for item in items if "uri" in item)
    text = text.replace(f'  capabilities:\n    default: "cpu-{name}"\n', "")
    urls = re.search(rf"(?m)^- &{name}\n(?:  .*\n)+?  urls:\n(?:    .*\n)+", text)
    assert urls
    text = text.replace(urls[0], urls[0] + latest)
    text = text.replace(
        f"## {name}\n", f'## {name}\n- !!merge <<: *{name}\n  name: "{name}-development"\n{master}'
    )
    return Overlay(tree, {"backend/index.yaml": text.encode()})


@pytest.mark.parametrize(("name", "chosen"), [("kestrel", ["cuda12"]), ("kestrel", ["vulkan", "cuda13"])])
def test_a_single_image_gains_a_variant_and_loses_it(name: str, chosen: list[str]) -> None:
    base = single(BASE, name)
    assert not any(item.is_meta for item in Registry(base).gallery.metas(name))
    with_it = variants.add(base, name, chosen).changes.overlay()
    gallery = Registry(with_it).gallery
    assert [meta.name for meta in gallery.metas(name)] == [name, f"{name}-development"]
    assert all(meta.is_meta and not meta.uri for meta in gallery.metas(name))
    assert len(gallery.image_items(name)) == 2 * (1 + len(chosen))
    without = variants.remove(with_it, name, chosen).changes.overlay()
    assert without.read("backend/index.yaml") == base.read("backend/index.yaml")
    # The other one of two is no single image: nobody has taken it for one.
    left = variants.remove(with_it, name, ["cpu"]).changes.overlay()
    assert all(meta.is_meta for meta in Registry(left).gallery.metas(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_less_is_no_error(name: str) -> None:
    """What is left of a backend is as complete as it was."""
    built = REGISTRY.variants(name)
    for gone in built if len(built) > 1 else ():
        after = variants.remove(BASE, name, [gone]).changes.overlay()
        assert set(Registry(after).variants(name)) == set(built) - {gone}
        assert lifecycle.errors(lifecycle.new_findings(BEFORE, lifecycle.findings(after))) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["add-variant", "lark", "cuda11"],
            "unknown variant of go backends 'cuda11'; did you mean cuda1",
        ),
        (["add-variant", "lark", "intel"], "unknown variant of go backends 'intel'; known: cpu"),
        (["add-variant", "kestrel", "metal"], "unknown variant of rust backends 'metal'; known: cpu"),
        (["add-variant", "larch", "vulkan"], "did you mean lark"),
        (["add-variant", "meadow-lark", "metal"], "no generic build for macOS"),
        (["add-variant", "lark"], "V..."),
        (
            ["remove-variant", "lark", "cuda11"],
            "unknown variant of go backends 'cuda11'; did you mean cuda1",
        ),
        (["remove-variant", "lark", "metal", "cpu"], "remove-backend lark"),
        (["remove-variant", "kestrel", "cpu"], "remove-backend kestrel"),
        (["remove-backend", "nobody"], "no backend is called 'nobody'"),
        (["remove-backend", "../go/lark"], "is no name of a backend"),
        (["remove-backend", ""], "is no name of a backend"),
        (["remove-backend"], "NAME"),
    ],
)
def test_wrong_usage_changes_nothing(miniature: Path, arguments: list[str], reason: str) -> None:
    before = lifecycle.snapshot(miniature)
    result = CliRunner().invoke(program(), [*arguments, "--repo", str(miniature)])
    error = result.exception
    assert (error.exit_code if isinstance(error, ScaffoldError) else result.exit_code) == 2
    assert reason in f"{error} {result.output}"
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []


@pytest.mark.parametrize(
    ("command", "state"),
    [("add-variant", "is built for cpu, metal"), ("remove-variant", "is not built for cuda12, vulkan")],
)
def test_what_is_so_already_is_no_error(miniature: Path, command: str, state: str) -> None:
    before = lifecycle.snapshot(miniature)
    again = state.partition(" for ")[2]
    for given in ((again.replace(" ", ""),), again.split(", ")):
        result = scaffold(command, "lark", *given, cwd=miniature)
        assert (result.returncode, result.stdout) == (0, f"lark {state}: nothing to change\n")
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []


def test_of_several_variants_the_missing_ones_are_added_and_those_there_removed(miniature: Path) -> None:
    before = lifecycle.snapshot(miniature)
    added = scaffold("add-variant", "lark", "vulkan,cpu", cwd=miniature)
    assert added.stdout.startswith("added vulkan to lark\n")
    assert added.stderr == "lark is built for cpu already\n"
    removed = scaffold("remove-variant", "lark", "cuda12", "vulkan", cwd=miniature)
    assert removed.stdout.startswith("removed vulkan from lark\n")
    assert removed.stderr == "lark is not built for cuda12 already\n"
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []


# --- the command line --------------------------------------------------------------------------------

COMMANDS = {
    "remove-backend": ("remove-backend", "heron"),
    "add-variant": ("add-variant", "rookery", "cuda13", "rocm"),
    "add metal": ("add-variant", "night-heron", "metal"),
    "remove-variant": ("remove-variant", "wren-cpp", "metal", "cuda12"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dry_run_prints_what_a_run_does(miniature: Path, command: str) -> None:
    lifecycle.as_repository(miniature)
    before = lifecycle.snapshot(miniature)
    dry = scaffold(*COMMANDS[command], "--dry-run", cwd=miniature)
    assert dry.returncode == 0, dry.stderr
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    patch = dry.stdout[: dry.stdout.index("would have ")]
    run("git", "apply", "--check", "-", cwd=miniature, text=patch)
    told = json.loads(scaffold(*COMMANDS[command], "--format", "json", cwd=miniature).stdout)
    after = lifecycle.snapshot(miniature)
    changed = {p for p in lifecycle.differences(before, after) if not (miniature / p).is_dir()}
    files = [*told["created"], *told["deleted"], *(e["path"] for e in told["edited"])]
    assert {p for p in changed if not (p in before and before[p][1] == b"" and p not in after)} <= {*files}
    assert len(files) == len(set(files))
    assert (told["version"], told["dry_run"]) == (1, False)
    lifecycle.restore(miniature)
    applied = run("git", "apply", "-", cwd=miniature, text=patch)
    assert applied.stderr == ""
    assert lifecycle.differences(after, lifecycle.snapshot(miniature)) == []


def test_a_removal_meets_a_changed_tree(miniature: Path) -> None:
    for path in ("backend/cpp/heron/run.sh", "backend/index.yaml"):
        plan = remove.plan(WorkTree(miniature), "heron")
        original = (miniature / path).read_bytes()
        (miniature / path).write_bytes(original + b"\n# edited meanwhile\n")
        before = lifecycle.snapshot(miniature)
        with pytest.raises(ScaffoldError, match=f"{path} changed"):
            plan.changes.commit(miniature)
        assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
        (miniature / path).write_bytes(original)


@pytest.mark.parametrize("share", [0.1, 0.83, 0.9, 1.0])
def test_a_killed_removal_is_rolled_back_by_the_next_command(miniature: Path, share: float) -> None:
    lifecycle.as_repository(miniature)
    folder = miniature / "backend/cpp/heron"
    (folder / "icon.png").write_bytes(b"\x89PNG\0\xff" * 100)
    (folder / "icon.png").chmod(0o600)
    copy = shutil.copytree(miniature, miniature.with_name("copy"))
    calls: list[object] = []
    plan = remove.plan(WorkTree(copy), "heron")
    with faults.watched(lambda _, arguments: calls.append(arguments[0])):
        plan.changes.commit(copy)
    end = len(calls) - calls[::-1].index("plan.json")  # where the plan is forgotten
    before = lifecycle.snapshot(miniature)
    plan = remove.plan(WorkTree(miniature), "heron")
    assert faults.dies_at(int(end * share), lambda: plan.changes.commit(miniature))
    half = lifecycle.snapshot(miniature)
    for dry_run in (True, False):
        next_run = scaffold("add-variant", "lark", "cpu", *["--dry-run"] * dry_run, cwd=miniature)
        assert next_run.returncode == 0
        assert lifecycle.snapshot(miniature) == (half if dry_run else before)
        if half != before:
            told = "was interrupted while it wrote" if dry_run else "an interrupted run was rolled back"
            assert told in next_run.stderr
    assert not Journal(miniature).folder.exists()


def test_an_unwritable_folder_changes_nothing(miniature: Path) -> None:
    plan = remove.plan(WorkTree(miniature), "heron")
    before = lifecycle.snapshot(miniature)
    refused: list[str] = []

    def refuse(name: str, arguments: tuple[object, ...]) -> None:
        if name == "unlink" and arguments[0] == "run.sh" and not refused:
            refused.append(name)
            raise PermissionError(13, "Permission denied")

    with (
        faults.watched(refuse),
        pytest.raises(WriteError, match=r"heron/run.sh cannot be written: Permission denied; nothing was"),
    ):
        plan.changes.commit(miniature)
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []


def test_an_unknown_backend_has_no_variants() -> None:
    with pytest.raises(UsageError, match="no backend is called"):
        variants.remove(BASE, "nobody", ["cpu"])


def test_a_folder_without_files_is_no_backend(miniature: Path) -> None:
    (miniature / "backend/go/ghost/sub").mkdir(parents=True)
    with pytest.raises(UsageError, match="no backend is called 'ghost'"):
        remove.plan(WorkTree(miniature), "ghost")


def test_a_job_of_its_own_that_builds_a_variant_is_to_be_deleted() -> None:
    workflow = ".github/workflows/backend.yml"
    text = text_of(BASE, workflow) + "  lark-vulkan:\n    with:\n      tag-suffix: '-gpu-vulkan-lark'\n"
    said = "a job of its own pushes -gpu-vulkan-lark already: delete it"
    beside = variants.add(Overlay(BASE, {workflow: text.encode()}), "lark", ["vulkan"])
    assert said in [manual.what for manual in beside.manual]
    assert said not in [manual.what for manual in variants.add(BASE, "lark", ["vulkan"]).manual]


def test_a_variant_installs_what_the_others_of_its_backend_install() -> None:
    """With the index of the hardware, and the versions that siblings have on it."""
    path, sibling = (f"backend/python/{n}/requirements-cublas13.txt" for n in ("rookery", "finch-tts"))
    own = "backend/python/rookery/requirements-cublas12.txt"
    base = Overlay(
        BASE,
        {
            own: b"--extra-index-url https://download.pytorch.org/whl/cu128\ntorch==2.4.1\nrook[fast]==1.2 # held\n",
            sibling: b"--extra-index-url https://download.pytorch.org/whl/cu130\ntorch==2.9.1\n",
        },
    )
    plan = variants.add(base, "rookery", ["cuda13"])
    index, *lines = (plan.changes.overlay().read(path) or b"").decode().splitlines()
    assert index.startswith("--extra-index-url")
    assert index.endswith("/cu130")
    assert lines == ["torch==2.9.1", "rook[fast]==1.2 # held"]
    assert own in next(manual.what for manual in plan.manual if manual.path == path)
    gone = variants.remove(plan.changes.overlay(), "rookery", ["cuda13"]).changes.overlay()
    assert gone.read(path) is None


def test_a_variant_of_what_was_made_by_hand_has_nothing_to_stand_beside(miniature: Path) -> None:
    shutil.copytree(miniature / "backend/go/lark", miniature / "backend/go/ibex-x2")
    with pytest.raises(
        UsageError, match=r"has no image of ibex-x2 to stand beside: .* `scaffold show ibex-x2`"
    ):
        variants.add(WorkTree(miniature), "ibex-x2", ["vulkan"])
