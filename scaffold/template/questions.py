"""The questions of the templates: `python -m scaffold.questions` writes templates/*/copier.yml.

A template has to work alone (`copier copy templates/go DEST`), and copier lets no template
include a file from outside. So what the templates have in common is written into each of them,
from the tables that judge the command line's answers too.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from scaffold.backend import markdown
from scaffold.backend.choices import ASKED, KIND_WORDS, KINDS
from scaffold.backend.judging import RULED
from scaffold.backend.limits import CPP_TAKEN, GITHUB, RULES, Unprintable
from scaffold.backend.modalities import EVERY, MODALITIES
from scaffold.backend.together import CLASHES, Clash, Holds, Term
from scaffold.backend.variants import VARIANTS, choices, supported
from scaffold.checkout.tree import WorkTree
from scaffold.resources import miniature_dir, template_dir
from scaffold.template import facts

HEADER = "# Written by scaffold/template/questions.py: change it there, and run `make templates`.\n\n"

SETTINGS = {
    "_subdirectory": "[[ kind ]]",
    "_templates_suffix": ".jinja",
    "_envops": {
        # delimiters that ${{ }}, Go's {{ }} and $(...) do not collide with
        "block_start_string": "[%",
        "block_end_string": "%]",
        "variable_start_string": "[[",
        "variable_end_string": "]]",
        "comment_start_string": "[#",
        "comment_end_string": "#]",
        "keep_trailing_newline": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
    },
}

FIELDS = {"url": "urls", "description": "summary"}
"""Question -> the field of a backend that it is for, where that is called otherwise."""

REPOSITORY = f"(upstream | regex_replace({GITHUB!r}, ''))"
"""OWNER/REPO of the upstream, in copier's language."""

USES: dict[str, tuple[str, ...]] = {
    "python": (
        "description", "license", "url", "description_text", "license_text", "address", "unserved",
        "detect_fields", "python_common", "grpcio_version", "profiles",
    ),
    "go": (
        "description", "license", "url", "description_text", "license_text", "address",
        "ggml", "shim", "unserved", "go_module", "go_packages", "go_routes", "answered",
        "transcription_context",
        "c_name", "library_variable", "upstream_folder",
    ),
    "cpp": (
        "description", "license", "url", "description_text", "license_text", "address", "ggml", "prebuilt",
        "unserved", "detect_fields", "docker_scripts", "cpp_namespace", "source",
    ),
    "rust": (
        "description", "license", "url", "description_text", "license_text", "address", "unserved",
        "dockerfile_rust",
    ),
}  # fmt: skip
"""What the files of a template use of the questions that not all templates have."""


def text(lang: str) -> str:
    """The whole of `templates/<lang>/copier.yml`."""
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    for part in (SETTINGS, *({name: asked} for name, asked in questions(lang).items())):
        yaml.dump(part, stream)
        stream.write("\n")
    return HEADER + stream.getvalue().rstrip("\n") + "\n"


def questions(lang: str) -> dict[str, dict[str, Any]]:
    """The questions of one template in the order in which they are asked."""
    every = {"declared": _hidden({}, "yaml")} | _asked(lang) | _facts() | _derived(lang)
    unused = {name for names in USES.values() for name in names} - set(USES[lang])
    return {name: asked for name, asked in every.items() if name not in unused}


def _asked(lang: str) -> dict[str, dict[str, Any]]:
    asked = _plain(lang)
    order = [*asked]
    for name, question in asked.items():
        optional = {"optional": True} if "default" in question else {}
        refusals = [
            (_condition(clash), clash.why)
            for clash in CLASHES
            if clash.answers <= {*order} and max(clash.answers, key=order.index) == name
        ]
        field = FIELDS.get(name, name)
        refusals += _broken(name, RULED.get(field, ""), **optional)
        question["help"] = ASKED[field if field in ASKED else name]
        if refusals:
            question["validator"] = _first(*refusals)
    return asked


def _plain(lang: str) -> dict[str, dict[str, Any]]:
    """The questions as they are before it is known what is asked and refused."""
    called = {use.name: "LocalAI" if use.name == "none" else use.called for use in EVERY.values()}
    return {
        "name": {"type": "str", "placeholder": "my-backend"},
        "kind": {
            "type": "str",
            "choices": {f"{kind}: {KIND_WORDS[kind]}": kind for kind in KINDS[lang]},
            "default": KINDS[lang][0],
        },
        "modality": {
            "type": "str",
            "choices": _with_declared({f"{use.name}: {use.words}": use.name for use in EVERY.values()}),
            "default": "llm",
        },
        "variants": {
            "type": "str",
            "multiselect": True,
            "choices": {f"{name}: {words}": name for name, words in choices(supported(lang)).items()},
            "default": ["cpu"],
        },
        "upstream": {"type": "str", "default": ""},
        "pin": {"type": "str", "default": "", "when": "[[ upstream != '' ]]"},
        "ggml": {"type": "bool", "default": True, "when": "[[ kind in ['purego', 'grpc'] ]]"},
        "shim": {"type": "bool", "default": True, "when": "[[ kind == 'purego' ]]"},
        "prebuilt": {"type": "bool", "default": False, "when": "[[ kind == 'grpc' ]]"},
        "description": {
            "type": "str",
            "default": f"[[ name ]]: [[ {called}.get(modality, modality) ]] backend"
            f"[% if upstream %] on [[ {REPOSITORY} ]][% endif %]",
        },
        "license": {"type": "str", "default": ""},
        "url": {"type": "str", "default": f"https://github.com/[[ {REPOSITORY} or 'mudler/LocalAI' ]]"},
    }


def _facts() -> dict[str, dict[str, Any]]:
    """What `scaffold new-backend` reads from the checkout; by default, what the miniature has."""
    found = facts.answers(WorkTree(miniature_dir()))
    kinds = {bool: "bool", str: "str"}
    return {name: _hidden(value, kinds.get(type(value), "yaml")) for name, value in found.items()}


def _derived(lang: str) -> dict[str, dict[str, Any]]:
    upper = "[[ name | upper | replace('-', '_') ]]"
    calls = {modality.name: modality.methods[0] for modality in EVERY.values() if modality.methods}
    every = {modality.name: list(modality.methods) for modality in EVERY.values() if modality.methods}
    known = " if modality_rpc in rpcs else 'none'" if lang == "cpp" else ""
    serving = {modality.methods[0]: modality.name for modality in MODALITIES.values() if modality.methods}
    profiles = {chosen: VARIANTS[chosen.partition(":")[0]].profile for chosen in choices(VARIANTS)}
    return {
        # OWNER/REPO, however the address was spelled
        "repository": _hidden(f"[[ {REPOSITORY} ]]"),
        "pin_variable": _hidden(f"{upper}_VERSION"),
        "repo_variable": _hidden(f"{upper}_REPO"),
        # the RPC of the modality
        "modality_rpc": _hidden(f"[[ {calls}.get(modality) or declared.get(modality, '') ]]"),
        # whose code it gets: none where no template, or not the checkout's protocol, has its call
        "served": _hidden(f"[[ {serving}.get(modality_rpc, 'none'){known} ]]"),
        # the calls that are left to write, `Depth()`
        "unserved": _hidden(
            f"[% set every = {every}.get(modality) or [modality_rpc] %]"
            "[[ every | select('in', rpcs) | map('regex_replace', '$', '()') | join(' and ')"
            " if served == 'none' ]]"
        ),
        # whether its request says which model it is for
        "model_identity": _hidden("[[ served != 'none' and modality_rpc in identified ]]", "bool"),
        # the RPCs that reach a Go backend: its own server for Rerank hands on all that it defines
        "answered": _hidden(
            "[[ rpcs if modality == 'rerank' else rpcs | select('in', go_routes) | list ]]", "yaml"
        ),
        # suffixes of the requirements files that LocalAI's build looks for
        "profiles": _hidden(f"[[ variants | map('extract', {profiles}) | unique | list ]]", "yaml"),
        # answers as Markdown spells them
        "description_text": _hidden(f"[[ description.split() | join(' '){_spelled(markdown.TEXT)} ]]"),
        "license_text": _hidden(f"[[ license{_spelled(markdown.TEXT)} ]]"),
        "address": _hidden(f"[[ url{_spelled(markdown.ADDRESS)} ]]"),
        # C names take no dash: functions are my_backend_load, the library is libmy_backend_capi
        "c_name": _hidden("[[ name | replace('-', '_') ]]"),
        # the suffix keeps a keyword of C++, or a namespace of gRPC's, usable
        "cpp_namespace": _hidden("[[ name | replace('-', '_') ]]_backend"),
        "library_variable": _hidden(f"{upper}_LIBRARY"),
        "upstream_folder": _hidden("sources/[[ repository.split('/') | last ]]"),
        # a C++ upstream lies beside our own files, and is a target of the Makefile
        "source": _hidden(
            "[% set repo = repository.split('/') | last %]"
            f"[[ repo ~ '-src' if repo | lower in {[word.lower() for word in CPP_TAKEN]} else repo ]]"
        ),
    }


def _with_declared(known: Mapping[str, str]) -> LiteralScalarString:
    """Choices, and the modalities that the checkout declares besides, in copier's language."""
    lines = [f"{json.dumps(words)}: {json.dumps(name)}\n" for words, name in known.items()]
    declared = '[[ (use ~ ": " ~ rpc) | to_json ]]: [[ use | to_json ]]'
    lines.append(f"[% for use, rpc in declared.items() %]\n{declared}\n[% endfor %]\n")
    found: LiteralScalarString = LiteralScalarString("".join(lines))
    return found


def _spelled(replacements: markdown.Replacements) -> str:
    """The filters that make replacements."""
    return "".join(f" | regex_replace({old!r}, {new!r})" for old, new in replacements)


def _hidden(default: Any, kind: str = "str") -> dict[str, Any]:
    return {"type": kind, "default": default, "when": False}


def _condition(clash: Clash) -> str:
    """That all the terms of a clash hold, in copier's language."""
    return " and ".join(map(_term, clash.terms))


def _term(term: Term) -> str:
    words = [*term.words]
    match term.holds:
        case Holds.given:
            return term.answer if term.so else f"not {term.answer}"
        case Holds.one_of:
            return f"{term.answer} {'in' if term.so else 'not in'} {words}"
        case Holds.with_word:
            return f"{words[0]!r} {'in' if term.so else 'not in'} {term.answer}"
        case Holds.with_part:
            return f"{words[0]!r} {'in' if term.so else 'not in'} {term.answer}.split('-')"


def _broken(question: str, rules: str, *, optional: bool = False) -> list[tuple[str, str]]:
    """Condition and reason of each rule, in copier's language."""
    given = f"{question} and " if optional else ""
    answer = REPOSITORY if question == "upstream" else question
    found = []
    for rule in RULES.get(rules, ()):
        if isinstance(rule, Unprintable):
            lines = f"({answer}.splitlines() | join)" if rule.lines else answer
            found.append((f"{given}not {lines}.isprintable()", rule.why))
        else:
            match = f"({answer} | regex_search({rule.wrong!r}))"
            found.append((f"{given}{match} is not none", rule.why.format(found=f"[[ {match} ]]")))
    return found


def _first(*refusals: tuple[str, str]) -> LiteralScalarString:
    """A validator that gives the reason of the first condition that holds."""
    branches = "".join(f"[% elif {condition} %]\n{reason}\n" for condition, reason in refusals)
    validator: LiteralScalarString = LiteralScalarString(branches.replace("elif", "if", 1) + "[% endif %]\n")
    return validator


EXPECTS = "shared/expects.md"
"""The part of a backend's README that is the same in every language; the one of Python is the original."""


if __name__ == "__main__":
    for each in KINDS:
        (template_dir(each) / EXPECTS).write_bytes((template_dir("python") / EXPECTS).read_bytes())
        (template_dir(each) / "copier.yml").write_text(text(each), encoding="utf-8")
