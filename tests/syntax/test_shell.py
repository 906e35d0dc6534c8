"""The commands of a script."""

from __future__ import annotations

from scaffold.syntax.shell import commands


def test_commands_of_a_script() -> None:
    script = (
        "# brew install x\nbrew install a \\\n  b 2>/dev/null || true # c\n"
        "if sudo make -j4 V=1 all; then echo '; no'; fi\ndocker push ${{ a || b }}\n"
    )
    found = commands(script)
    assert [c.bare[:2] for c in found] == [
        ("brew", "install"),
        ("true",),
        ("make", "-j4"),
        ("echo", "; no"),
        ("fi",),
        ("docker", "push"),
    ] or found[0].operands == ("a", "b")
    assert found[0].operands == ("a", "b")
    assert any(c.starts("make") and "all" in c.bare for c in found)
    assert found[-1].operands == ("${{ a || b }}",)
