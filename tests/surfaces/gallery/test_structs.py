"""Structs of Go, as they are declared in the packages of a checkout."""

from __future__ import annotations

from scaffold.checkout.tree import Overlay
from scaffold.surfaces.gallery.loading import ANY, TEXT, WHOLE, Type
from scaffold.surfaces.gallery.structs import Structs
from tests.rules.trees import BASE


def kind(**files: str) -> Type:
    """What `Top` of the package `top` is decoded from; each file is of the package of its name."""
    texts = {f"pkg/{name}/{name}.go": text.encode() for name, text in files.items()}
    tree = Overlay(BASE, {"go.mod": b"module example.org/acme\n\ngo 1.26\n", **texts})
    return Structs(tree).kind("pkg/top", "Top")


def test_a_type_of_another_package_is_looked_up_there() -> None:
    top = """package top

import (
	"time"

	other "example.org/acme/pkg/deep"
	"example.org/acme/pkg/near"
	"example.org/foreign/near2"
)

type Top struct {
	near.Base `yaml:",inline"`
	A other.Part `yaml:"a"`
	B []near.Word `yaml:"b"`
	C near2.Word `yaml:"c"`
	D time.Time `yaml:"d"`
}
"""
    near = "package near\n\ntype Base struct {\n\tSize int\n}\n\ntype Word string\n"
    deep = 'package deep\n\ntype Part struct {\n\tWord string `yaml:"word"`\n}\n'
    assert kind(top=top, near=near, deep=deep) == {
        "size": WHOLE,
        "a": {"word": TEXT},
        "b": [TEXT],
        "c": ANY,
        "d": ANY,
    }


def test_of_what_holds_itself_no_more_is_said() -> None:
    text = "package top\n\ntype Top struct {\n\tWord string\n\tNext *Top\n\tOthers []Top\n}\n"
    assert kind(top=text) == {"word": TEXT, "next": ANY, "others": [ANY]}


def test_nothing_is_said_of_what_is_not_there() -> None:
    assert kind() == ANY
    assert kind(top="package top\n\ntype Other struct {\n\tWord string\n}\n") == ANY
    assert kind(top="package top\n\ntype Top struct {\n\tWord str ing\n}\n") == ANY
    assert kind(top="package top\n\ntype Top struct {\n\tWord string") == ANY


def test_what_decodes_itself_may_be_anything() -> None:
    text = (
        "package top\n\ntype Top struct {\n\tWord string\n}\n\n"
        "func (t *Top) UnmarshalText(text []byte) error {\n\treturn nil\n}\n"
    )
    assert kind(top=text) == ANY


def test_of_what_is_too_deep_no_more_is_said() -> None:
    chain = "".join(f'type T{n} struct {{\n\tA *T{n + 1} `yaml:"a"`\n}}\n\n' for n in range(300))
    deep = f"\tDeep {'[]' * 900}int\n\tWord string\n\tChain T0\n"
    found = kind(top=f"package top\n\n{chain}type T300 int\n\ntype Top struct {{\n{deep}}}\n")
    assert isinstance(found, dict)
    assert found["word"] == TEXT
    assert set(found) == {"deep", "word", "chain"}
