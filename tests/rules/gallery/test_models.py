"""The backends of models: each with a defect that is found and a likeness that is let pass."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import MAX_TEXT_BYTES
from scaffold.operations import rename
from scaffold.registry import Registry
from scaffold.rules.base import Severity
from scaffold.surfaces.downloader import PATH
from scaffold.surfaces.models import INSTALLING
from tests.rules.gallery.test_addresses import CODE
from tests.rules.trees import MINIATURE, Altered, Case, assert_fine, assert_found, findings, text_of

MODELS = "gallery/index.yaml"
SLUG = "gallery-model-backend"
MODEL = """\
- name: "wing-{}"
  description: |
    backend: nobody
    overrides:
    Serve it with its own.
  overrides:
    # as its relatives
    parameters:
      model: wing.gguf
    backend: {}
"""


def models(*backends: str, below: str = "") -> Altered:
    """The miniature with models for some backends, each with lines below its backend."""
    return MINIATURE.write(
        MODELS, "---\n" + "".join(MODEL.format(n, b) + below for n, b in enumerate(backends))
    )


ALIASES = 'package model\n\nvar Aliases = map[string]string{\n\t"old-wren": WrenBackend,\n}\n'

CASES = {
    "a name with a typing error": Case(
        SLUG, "rokery", MODELS, ("model: wing.gguf", "backend: rokery"),
        models("rokery"),
        says="a model of the gallery is for rokery",
    ),
    "a backend that is gone, in many models": Case(
        SLUG, "gone", MODELS, ('backend: "gone"',),
        models("rookery", '"gone"', "'gone' # for now", "gone"),
        says="(and 2 more)",
    ),
    "a configuration in a text": Case(
        SLUG, "gone", "gallery/wing.yaml", ("backend: gone",),
        MINIATURE.write("gallery/wing.yaml", "---\nconfig_file: |\n  backend: gone\n  context_size: 1\n"),
    ),
    "the last line": Case(
        SLUG, "gone", "gallery/wing.yaml", ("backend: gone",),
        MINIATURE.write("gallery/wing.yaml", "config_file: |\n  backend: gone"),
    ),
    "detection that has no pattern of its own": Case(
        SLUG, "gone", MODELS, ("model: wing.gguf", "backend: gone"),
        models("gone", below="- name: other\n  overrides:\n    pii_detection:\n      builtins: [a]\n"),
    ),
}  # fmt: skip

WREN = """\
- &wren
  name: "{name}"
  url: "github:acme/LocalAI/gallery/{base}.yaml@master"
  overrides:
    backend: rookery
    parameters:
      temperature: 1
      model: {model}
  files:
    - filename: {file}
      sha256: {sum}
      uri: {uri}
"""
SUM = "0123456789abcdef" * 4
LOADS = CODE.replace(
    "string(u), WebPrefix)", 'string(u), WebPrefix) || strings.HasPrefix(string(u), "github:")'
)
FILE = "https://huggingface.co/acme/wren/resolve/main/wren.gguf"


OWL = "name: owl\nconfig_file: |\n  backend: rookery\n  parameters:\n    model: owl.gguf\n"


def wren(**changes: str) -> str:
    """A model of the list, with other values."""
    return WREN.format(
        **{
            "name": "wren",
            "base": "virtual",
            "model": "wren.gguf",
            "file": "wren.gguf",
            "uri": FILE,
            "sum": SUM,
        }
        | changes
    )


LOADING = (
    'name: owl\nconfig_file: |\n  backend: rookery\n  options:\n  - "step:20"\n  - "clip_path:clip.gguf"\n'
)
SOURCE = "package gallery\n\nfunc load() error {{\n\treturn {}\n}}\n"
BARE = SOURCE.format('fmt.Errorf("gallery model %q installs nothing", model.Name)')


def optional(options: str) -> str:
    """A model with options of its own, and a second file."""
    text = wren(base="owl").replace("    backend:", f"    options:\n    {options}\n    backend:")
    return f"{text}    - filename: clip.gguf\n      uri: {FILE}\n"


def flowing(model: str, file: str, backend: str = "rookery") -> str:
    """A model of which the configuration and the files stand in brackets."""
    loads = f"{{backend: {backend}, parameters: {{model: {model}}}}}"
    return (
        '- name: "wren"\n  url: "github:acme/LocalAI/gallery/virtual.yaml@master"\n'
        f'  overrides: {loads}\n  files: [{{filename: {file}, sha256: {SUM}, uri: "{FILE}"}}]\n'
    )


def in_brackets(model: str, key: str) -> str:
    """A model with its file in brackets, the address below a key."""
    block = f"    - filename: wren.gguf\n      sha256: {SUM}\n      uri: {FILE}"
    assert block in model
    return model.replace(block, f'    - {{filename: wren.gguf, {key}: "{FILE}", sha256: {SUM}}}')


def listed(*items: str) -> Altered:
    base = MINIATURE.write("gallery/virtual.yaml", "name: virtual\n")
    return base.write(MODELS, "---\n" + "".join(items))


CASES |= {
    "two models of one name": Case(
        "gallery-model-duplicate", "", MODELS, ('name: "Wren"', "^- &wren"),
        listed(wren(), wren(name="heron"), wren(name="Wren")),
        says="line 2",
    ),
    "another file than is downloaded": Case(
        "gallery-model-file", "", MODELS, ("model: wren-Q4.gguf",),
        listed(wren(name="a"), wren(model="wren-Q4.gguf")),
        says="none of the files",
    ),
    "a file in a folder": Case(
        "gallery-model-file", "", MODELS, ("model: a/wren.gguf",),
        listed(wren(model="a/wren.gguf", file="'wren.gguf'")),
    ),
    "another file in flow style": Case(
        "gallery-model-file", "", MODELS, ('name: "wren"',),
        listed(flowing("wren-Q4.gguf", "wren.gguf")), says="none of the files",
    ),
    "a backend in flow style": Case(
        SLUG, "gone", MODELS, ("overrides:",), listed(flowing("wren.gguf", "wren.gguf", "gone")),
    ),
    "options in flow style": Case(
        "gallery-model-file", "", MODELS, ("options:",),
        listed(optional("- step:4")).write("gallery/owl.yaml", LOADING.replace('\n  - "', ' ["', 1).replace('\n  - "', ', "').rstrip() + "]\n"),
        says="lack clip_path:clip.gguf",
    ),
    "a base that loads another file": Case(
        "gallery-model-file", "", MODELS, ("url:",),
        listed(wren(base="owl").replace("      model: wren.gguf\n", "")).write("gallery/owl.yaml", OWL),
        says="loads owl.gguf, which is none of the files",
    ),
    "options that stand for those of the base": Case(
        "gallery-model-file", "", MODELS, ("options:",), listed(optional("- step:4")).write("gallery/owl.yaml", LOADING),
        says="lack clip_path:clip.gguf: clip.gguf is downloaded and not loaded",
    ),
    "a model with an address and no base": Case(
        "gallery-model-unreadable", "", MODELS, ('name: "b"', "^- &wren"),
        listed(wren(), wren(name="b").replace("  url:", "  uri:")).write(INSTALLING, SOURCE.format('fmt.Errorf("invalid gallery model %+v", model)')),
        says="b has no `url` or `config_file`",
    ),
    "a model of which there is nothing": Case(
        "gallery-model-unreadable", "", MODELS, ("- name: b",),
        listed(wren(), "- name: b\n  license: mit\n").write(INSTALLING, BARE),
        says="b has no `url` or `config_file` or `overrides`",
    ),
    "a key twice": Case(
        "duplicate-key", "", MODELS, (f"sha256: {SUM[::-1]}",),
        listed(wren(), wren(name="b").replace(f"uri: {FILE}", f"uri: {FILE}\n      sha256: {SUM[::-1]}")),
        says="loads no model",
    ),
    "a page in place of a file": Case(
        "gallery-model-file", "", MODELS, ("uri: https://huggingface.co/acme/wren",),
        listed(wren(uri="https://huggingface.co/acme/wren")),
        says="the page of a repository",
    ),
    "a file without an address": Case(
        "gallery-model-file", "", MODELS, ('name: "b"', "- filename: wren.gguf"),
        listed(wren(name="a"), wren(name="b").replace(f"      uri: {FILE}\n", "")), says="has no uri",
    ),
    "a file in flow style without an address": Case(
        "gallery-model-file", "", MODELS, ("- {filename: wren.gguf",),
        listed(wren(name="a", file="other.gguf", model="other.gguf"), in_brackets(wren(name="b"), "url")), says="has no uri",
    ),
    "the same of a model that merges another": Case(
        "gallery-model-file", "", MODELS, ("- {filename: wren.gguf",),
        listed(
            wren(name="a", file="other.gguf", model="other.gguf"),
            in_brackets(wren(name="b"), "url").replace("- &wren\n", "- !!merge <<: *wren\n"),
        ),
        says="has no uri",
    ),
    "a configuration in quotes, in brackets": Case(
        SLUG, "gone", "gallery/wing.yaml", ("backend: gone",),
        MINIATURE.write("gallery/wing.yaml", '---\n{config_file: "backend: gone\\n"}\n'),
    ),
    "a configuration in quotes": Case(
        SLUG, "gone", "gallery/wing.yaml", ("backend: gone",),
        MINIATURE.write("gallery/wing.yaml", 'name: wing\nconfig_file: "f16: true\\nbackend: gone\\nmmap: true\\n"\n'),
    ),
    **{
        f"the key {wrong} for {right}": Case(
            "gallery-model-unreadable", "", MODELS, ('name: "heron"' if after else "- &heron", f"{wrong}:"),
            listed(wren(), wren(name="heron").replace("&wren", "&heron").replace(f"{right}:", f"{wrong}:", 1)),
            says=f"knows no key `{wrong}`", severity=severity,
        )
        for right, wrong, after, severity in (
            ("overrides", "overides", True, None), ("files", "file", True, None), ("url", "ulr", True, None),
            ("name", "nane", False, None), ("filename", "filenam", True, None), ("uri", "urii", True, None),
            ("sha256", "sha265", True, Severity.warning),
        )
    },
    "a misspelt key in brackets": Case(
        "gallery-model-unreadable", "", MODELS, ("- {filename: wren.gguf",),
        listed(wren(name="a", file="other.gguf", model="other.gguf"), in_brackets(wren(name="b"), "urii")),
        says="knows no key `urii`",
    ),
    "a file without a name": Case(
        "gallery-model-file", "", MODELS, ('name: "b"', "- sha256:"),
        listed(wren(name="a"), wren(name="b", model="wren").replace("filename: wren.gguf\n      ", "")), says="has no filename",
    ),
    "a file whose name is nothing": Case(
        "gallery-model-file", "", MODELS, ('name: "b"', "- filename: ~"),
        listed(wren(name="a"), wren(name="b", model="wren").replace("filename: wren.gguf", "filename: ~")), says="has no filename",
    ),
    "a model whose name is nothing": Case(
        "gallery-model-unreadable", "", MODELS, ("- license:",),
        listed(wren(name="a"), wren(name="b").replace('&wren\n  name: "b"\n', "license: mit\n  name: ~\n")), says="a model has no name",
    ),
    "a model without a name that merges nothing": Case(
        "gallery-model-unreadable", "", MODELS, ("- <<: []",),
        listed(wren(name="a"), wren(name="b").replace('&wren\n  name: "b"\n', "<<: []\n")), says="a model has no name",
    ),
    "a model without a name": Case(
        "gallery-model-unreadable", "", MODELS, ("- license:",),
        listed(wren(name="a"), wren(name="b").replace('&wren\n  name: "b"\n', "license: mit\n")), says="a model has no name",
    ),
    **{
        f"a checksum of {len(value.strip(chr(34)))} digits, {value[-1]}": Case(
            "gallery-model-file", "", MODELS, (f"sha256: {value}",),
            listed(wren(name="a"), wren(name="b", sum=value)), says="64 hexadecimal digits",
        )
        for value in (SUM[1:], f"{SUM}0", f'"{SUM[1:]}"', f"{SUM[1:]}g", "todo")
    },
    **{
        f"an address of no kind, {address}": Case(
            "gallery-model-file", "", MODELS, (f"uri: {address}",),
            listed(wren(name="a"), wren(name="b", uri=address)).write(PATH, LOADS), says="begins as no address", also=("gallery-address-unknown",),
        )
        for address in ("htps://huggingface.co/acme/wren.gguf", "hugingface://acme/wren/wren.gguf", "acme/wren.gguf")
    },
    "a configuration at an address of no kind": Case(
        "gallery-model-file", "", MODELS, ('url: "gitub:',),
        listed(wren(name="a"), wren(name="b").replace("github:", "gitub:")).write(PATH, LOADS), says="begins as no address", also=("gallery-address-unknown",),
    ),
    "a variant that is no model": Case(
        "gallery-model-unreadable", "", MODELS, ("model: wren-q9",),
        listed(wren(name="a") + "  variants:\n    - model: b\n    - model: wren-q9\n", wren(name="b")),
        says="wren-q9, which is no model",
    ),
    "tags that are a word": Case(
        "gallery-model-unreadable", "", MODELS, ("tags: bird",),
        listed(wren(), wren(name="b") + "  tags: bird\n", wren(name="c")),
        says="LocalAI cannot load the list of models: tags is the text 'bird', not a list",
    ),
    "an anchor that nothing defines": Case(
        "gallery-model-unreadable", "", MODELS, ("*wrem",),
        listed(wren(), "- !!merge <<: *wrem\n  name: b\n"),
        says="nothing does",
    ),
    "an anchor that many need": Case(
        "gallery-model-unreadable", "", MODELS, ("*wrem",),
        listed(wren(), *(f"- !!merge <<: *wrem\n  name: {name}\n" for name in "bcd")),
        says="and nothing does, as in 2 more places\nwrite *wren",
    ),
    "an anchor that is called otherwise than its model": Case(
        "gallery-model-unreadable", "", MODELS, ("- &robin",),
        listed(wren(name="wren-Q4").replace("&wren", "&robin"), "- !!merge <<: *wren\n  name: b\n"),
        says="needs &wren above it, and this item has &robin\nwrite &wren",
    ),
    "an anchor of a model below": Case(
        "gallery-model-unreadable", "", MODELS, ("*wren",),
        listed("- !!merge <<: *wren\n  name: b\n", wren()),
        says="&wren stands below, in line 4",
    ),
    "a key that merges nothing": Case(
        "gallery-wrong-merge", "", MODELS, ("<: *wren",),
        listed(wren(), "- !!merge <: *wren\n  name: b\n  url: x\n"),
        says="b takes nothing from *wren: `!!merge <`",
    ),
    "no YAML": Case(
        "gallery-model-unreadable", "", MODELS, ('name: ""b',),
        listed(wren(), wren(name='"b')),
        says="is no valid YAML",
    ),
    "a base that is gone": Case(
        "gallery-model-unreadable", "", MODELS, ("owl.yaml",),
        listed(wren(), wren(name="b", base="owl")),
        says="gallery/owl.yaml, which is not there",
    ),
    "a base that cannot be loaded": Case(
        "gallery-model-unreadable", "", "gallery/owl.yaml", ("config_file:",),
        listed(wren(base="owl")).write("gallery/owl.yaml", "name: owl\nconfig_file:\n  backend: rookery\n"),
        says="config_file is a mapping, not a text",
    ),
}  # fmt: skip

PREFERS = 'package system\n\nconst (\n\tservingFeatureMTP = "mtp"\n)\n'
GUESSES = """\
package config

func (c *ModelConfig) GuessUsecases(u ModelConfigUsecase) bool {
\tif (u & FLAG_IMAGE) == FLAG_IMAGE {
\t\timageBackends := []string{"rookery"}
\t\tif !slices.Contains(imageBackends, c.Backend) {
\t\t\treturn false
\t\t}
\t}
\tif (u & FLAG_VIDEO) == FLAG_VIDEO {
\t\tvideoBackends := []string{"lark"}
\t\tif !slices.Contains(videoBackends, c.Backend) {
\t\t\treturn false
\t\t}
\t}
\treturn true
}
"""


def tagged(*tags: str, below: str = "", backend: str = "rookery", base: str = "virtual") -> Altered:
    """A model with some tags, in a checkout that knows a serving feature and guesses two use cases."""
    lines = "".join(f"    - {tag}\n" for tag in tags)
    named = f"    backend: {backend}\n" if backend else "    f16: true\n"
    text = wren(base=base).replace(
        "  overrides:\n    backend: rookery\n", f"  tags:\n{lines}  overrides:\n{named}{below}"
    )
    return (
        listed(wren(name="other"), text)
        .write("pkg/system/capabilities.go", PREFERS)
        .write("core/config/model_config.go", GUESSES)
    )


MTP = "    options:\n      - use_jinja:true\n      - spec_type:draft-mtp\n"
HEN = "name: hen\nconfig_file: |\n  backend: rookery\n"

CASES |= {
    "a feature without its tag": Case(
        "gallery-model-tag", "", MODELS, ("spec_type:",), tagged("llm", below=MTP), says="add `- mtp`", also=("registration-file-missing",),
    ),
    "a feature in the arguments of an engine": Case(
        "gallery-model-tag", "", MODELS, ("method:",),
        tagged("llm", below="    engine_args:\n      speculative_config:\n        method: mtp\n"),
        also=("registration-file-missing",),
    ),
    "a use case that only a tag names": Case(
        "gallery-model-use-case", "rookery", MODELS, ("- text-to-video", "backend:"),
        tagged("text-to-video"), says="`video`", also=("registration-file-missing",),
    ),
    "the same in a base, once": Case(
        "gallery-model-use-case", "rookery", "gallery/hen.yaml", ("backend:",),
        tagged("text-to-video", "video-generation", backend="", base="hen").write("gallery/hen.yaml", HEN),
        also=("registration-file-missing",),
    ),
}  # fmt: skip

FINE = {
    "words that look like a key that is misspelt": (
        listed(wren().replace("  overrides:", "  description: |\n    sha265: one\n  x_overide: 1\n  overrides:\n    file: 1\n    tag: 2", 1)),
        None,
    ),
    "another key beside the one that it is near": (listed(wren() + "      sha265: 1\n      sha512: 2\n"), None),
    "a configuration in quotes of a backend that is there": (
        MINIATURE.write("gallery/wing.yaml", '{name: wing, config_file: "backend: rookery\\n"}\n'), None,
    ),
    "words in quotes about a backend": (
        MINIATURE.write("gallery/wing.yaml", 'name: wing\ndescription: "backend: gone\\n"\nconfig_file: "f16: true"\n'), None,
    ),
    "files in flow style of a model that merges another": (
        listed(wren(name="a"), in_brackets(wren(name="b"), "uri").replace("- &wren\n", "- !!merge <<: *wren\n")), None,
    ),
    "a model in flow style": (listed(flowing("wren.gguf", "wren.gguf")), None),
    "files in flow style": (
        listed(wren().replace(f"    - filename: wren.gguf\n      sha256: {SUM}\n      uri: {FILE}", f'    - {{filename: wren.gguf, uri: "{FILE}"}}')), None,
    ),
    "options that have all of the base": (
        listed(optional("- step:4\n    - 'clip_path:clip.gguf'")).write("gallery/owl.yaml", LOADING), "gallery-model-file",
    ),
    "options that load it otherwise": (
        listed(optional("- clip_l_path:clip.gguf")).write("gallery/owl.yaml", LOADING), "gallery-model-file",
    ),
    "a file of the base that is not downloaded": (
        listed(optional("- step:4").replace("filename: clip.gguf", "filename: clap.gguf")).write("gallery/owl.yaml", LOADING),
        "gallery-model-file",
    ),
    "a model without a base, where LocalAI takes its files for enough": (
        listed(wren(name="b").replace("  url:", "  uri:")).write(INSTALLING, BARE), "gallery-model-unreadable",
    ),
    "a model that takes its base from another": (
        listed(wren(), "- <<: *wren\n  name: b\n").write(INSTALLING, SOURCE.format('fmt.Errorf("invalid gallery model")')),
        "gallery-model-unreadable",
    ),
    "a base of another repository": (listed(wren().replace("acme/LocalAI", "acme/birds")), None),
    "a base of a release": (listed(wren(base="owl").replace("@master", "@v3.1.0")), "gallery-model-unreadable"),
    "models that load what they download": (listed(wren(), wren(name="b", model='"wren.gguf"', file="'wren.gguf'")), None),
    **{
        f"a checksum that is {value!r}": (listed(wren(name="a"), wren(name="b", sum=value)), "gallery-model-file")
        for value in ("null", "~", f">-\n        {SUM}", f"|\n        {SUM}", f"'{SUM}'  # of the file")
    },
    "an address in the next line": (
        listed(wren(name="a"), wren(name="b", uri=f">-\n        {FILE}")).write(PATH, LOADS), "gallery-model-file",
    ),
    "addresses that LocalAI knows": (
        listed(wren(), wren(name="b", uri="docker.io/acme/wren")).write(PATH, LOADS), "gallery-model-file",
    ),
    "a checksum that is not said": (listed(wren(sum="''")), None),
    "a checksum with a comment": (listed(wren(sum=f'"{SUM}"  # of the file')), None),
    "words that look like an address": (
        listed(wren().replace("  overrides:", "  description: |\n    its url: wren, sha256: no\n  overrides:", 1)), None,
    ),
    "a variant of the list": (
        listed(wren(name="a") + "  variants:\n    - model: 'B'  # the larger one\n", wren(name="b")), None,
    ),
    "an archive": (listed(wren(model="wren/wren.bin", file="wren.tar.gz")), None),
    "a repository that the backend fetches": (listed(wren(model="acme/wren", file="notes.txt")), None),
    "a file of the base": (
        listed(wren(model="base.gguf", base="owl")).write("gallery/owl.yaml", "name: owl\nfiles:\n  - filename: base.gguf\n"),
        None,
    ),
    "a base that loads the file that the model downloads": (
        listed(wren(base="owl", file="owl.gguf").replace("      model: wren.gguf\n", "")).write("gallery/owl.yaml", OWL),
        None,
    ),
    "a base whose file the model replaces": (
        listed(wren(base="owl")).write("gallery/owl.yaml", OWL), None,
    ),
    "words that look like a key that stands twice": (
        listed(wren().replace("  overrides:", "  description: |\n    Note: one\n    Note: two\n  overrides:", 1)), None,
    ),
    "one key in two items of a list": (
        listed(wren() + "    - filename: b\n      sha256: ''\n      uri: https://example.org/b\n"), None,
    ),
    "a model without files": (listed(wren(model="x.gguf").partition("  files:")[0]), None),
    "a backend of the gallery": (models("rookery", "'lark'", '"Rookery"', "cpu-rookery"), None),
    "an alias of LocalAI": (models("old-wren").write("pkg/model/initializers.go", ALIASES), SLUG),
    "what LocalAI does itself": (
        models("pattern", below="    pii_detection:\n      builtins:\n        - github_token\n"),
        None,
    ),
    "lines that end in CR LF": (
        MINIATURE.write(
            MODELS, "- name: wing\r\n  overrides:\r\n    backend: pattern\r\n\r\n    pii_detection:\r\n      a: b\r\n"
        ),
        None,
    ),
    "words about a model": (MINIATURE.write(MODELS, "- name: wing\n  description: |\n    backend: gone\n"), None),
    "a feature and its tag": (tagged("LLM", "MTP", below=MTP), "gallery-model-tag"),
    "a feature that nobody prefers": (tagged("llm", below=MTP.replace("mtp", "eagle")), "gallery-model-tag"),
    "tags that come from another model": (
        tagged("llm", below=MTP).each(MODELS, '  name: "wren"', '  !!merge <<: *other\n  name: "wren"'), "gallery-model-tag",
    ),
    "a use case that is said": (tagged("text-to-video", below="    known_usecases: [video]\n"), "gallery-model-use-case"),
    "a use case that a base says": (
        tagged("text-to-video", backend="", base="hen").write("gallery/hen.yaml", HEN + "  known_usecases:\n  - video\n"),
        "gallery-model-use-case",
    ),
    "a use case that is guessed": (tagged("text-to-video", backend="lark"), "gallery-model-use-case"),
    "a use case for which LocalAI has no list": (tagged("text-to-speech"), "gallery-model-use-case"),
    "a tag that may be of what a model takes": (tagged("video"), "gallery-model-use-case"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_the_list_may_begin_with_a_mark_of_its_encoding() -> None:
    text = text_of(models("rookery", "rokery").tree(), MODELS)
    marked = MINIATURE.write(MODELS, "\ufeff" + text).tree()
    assert [(f.rule, f.line) for f in findings(marked)] == [(SLUG, text.count("\n"))]


def test_the_list_may_be_larger_than_what_is_parsed() -> None:
    padding = "# the list is long\n" * (MAX_TEXT_BYTES // 19 + 1)
    large = models("rokery").append(MODELS, padding)
    assert [f.backend for f in findings(large.tree(), SLUG)] == ["rokery"]
    assert Registry(large.tree()).tree.refused == {}


@pytest.mark.parametrize(
    "padding", ["", "# the list is long\n" * (MAX_TEXT_BYTES // 19 + 1)], ids=["short", "long"]
)
def test_a_renamed_backend_takes_its_models_along(padding: str) -> None:
    tree = models("rookery", "lark", '"rookery"').append(MODELS, padding + "\n").tree()
    after = rename.plan(tree, "rookery", "colony").changes.overlay()
    assert (after.content(MODELS) or b"") == (tree.content(MODELS) or b"").replace(b"rookery", b"colony")
    assert findings(after, SLUG) == []
