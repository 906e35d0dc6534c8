"""Words of builds that stand for nothing: parts of paths, commands, folders of the system, goals, sources."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import FINCH, HERON, KESTREL, LARK, findings, line_of, read, replaced, tree

SLUG = "script-misspelt"
IF = '\nif [ -e "$CURDIR/{}" ]; then\n  echo found\n  export X="${{CURDIR}}"/{}\nfi\nexec'
INNER = (
    '\nif [ -e "$CURDIR/liboutside.so.1" ]; then\n  # once more\n'
    '  if [ -e "$CURDIR/{}" ] && [ -z "${{X:-}}" ]; then\n    export X="$CURDIR"/{}\n  fi\nfi\nexec'
)
ROOTS = "grep -q avx /{}/cpuinfo && echo avx\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "word"),
    [
        (f"{LARK}/Makefile", "-S sources/lark.cpp ", "-S souces/lark.cpp ", "souces"),
        (f"{LARK}/Makefile", "cd sources/lark.cpp", "cd sources/lark.pp", ""),  # told as an ending
        (f"{LARK}/Makefile", "rm -rf sources", "rm -rf souces/lark.cpp", ""),
        (f"{LARK}/Makefile", "cd sources/lark.cpp", "cd source/lark.cpp", "source"),
        (f"{LARK}/Makefile", "GOCMD?=go\n", "GOCMD?=go\nI=-I$(D)/source/l -I$(D)/sources/l -I$(D)/sources/l\n", "source"),
        (f"{LARK}/Makefile", "LIBRARY=liblark.so", "LIBRARY=ibwren-x.so\nA=libwren-x.so\nB=libwren-x.so", "ibwren-x.so"),
        (f"{LARK}/package.sh", "$REPO_ROOT/scripts", "$REPO_ROOT/scrripts", "scrripts/build/package-system-libs.sh"),
        (f"{HERON}/Makefile", "\tmkdir -p heron\n", "\tln -s $(abspath $(X)) herron\n", "herron"),
        (f"{LARK}/package.sh", '"$CURDIR/package/"\n\ncase', '"$CURDIR/pakage/"\n\ncase', "pakage"),
        (f"{LARK}/package.sh", '"$CURDIR/package/lib" ""', '"$CURDIR/package/li" ""', "li"),
        (f"{LARK}/package.sh", "$REPO_ROOT/scripts", "$CURDIR/../../../scrips", ""),  # files-missing tells it
        (f"{LARK}/Makefile", "$(GOCMD) build", "$(GOCMD) buld", "buld"),
        (f"{LARK}/Makefile", "$(GOCMD) build", '@echo "$(GOCMD) buld"\n\t$(GOCMD) build', ""),
        (f"{LARK}/Makefile", "bash package.sh", "bash packge.sh", "packge.sh"),
        (f"{LARK}/Makefile", "mkdir -p sources/lark.cpp\n", "mkdir -p made && cd mode && true\n", "mode"),
        (f"{LARK}/Makefile", "mkdir -p sources/lark.cpp\n", "mkdir -p made && cd made && true\n", ""),
        (f"{LARK}/Makefile", "build: package", "build: package\n\t$(MAKE) engin", "engin"),
        (f"{LARK}/Makefile", "build: package", "build: package\n\t$(MAKE) -C engines engin", ""),
        (f"{LARK}/Makefile", "build: package", "build: package\n\t$(MAKE) finger\n\nfingr:\n\ttrue", "fingr"),
        (f"{LARK}/Makefile", "build: package", "build: package\n\t$(MAKE) -C x finger\n\nfingr:\n\ttrue", ""),
        (f"{LARK}/Makefile", "build: package", "build: package\n\tcd x && $(MAKE) finger\n\nfingr:\n\ttrue", ""),
        (f"{LARK}/Makefile", "bash package.sh", "cd x && bash packages.sh", ""),
        (f"{LARK}/Makefile", "mkdir -p sources/lark.cpp\n", "mkdir -p made/ && cd made && cd ../be && mkdir -p be && cd be/\n", ""),
        (f"{LARK}/Makefile", "$(GOCMD) build", '@test -x lark || (echo "lark was not go built"; exit 1)\n\t$(GOCMD) build', ""),
        (f"{LARK}/run.sh", "\nexec", "\nls /out/nvidia\nexec", ""),
        (f"{LARK}/run.sh", "\nexec", '\nif [ -d "$CURDIR/etc/ssq" ]; then\n  A="$CURDIR"/etc/ssl\nfi\nexec', "ssq"),
        (f"{LARK}/run.sh", "\nexec", '\nif [ -d "$CURDIR"/etc/ssl ]; then\n  A="$CURDIR/etc/ssl"\nfi\nexec', ""),
        (f"{LARK}/run.sh", "\nexec", IF.format("liblark-avx2.so", "liblark-avx3.so"), "liblark-avx2.so"),
        (f"{LARK}/run.sh", "\nexec", IF.format("libx.so.1", "libx.o.1"), "libx.so.1"),
        (f"{LARK}/run.sh", "\nexec", IF.format("libx.so.1", "libx.so.1"), ""),
        (f"{LARK}/run.sh", "\nexec", IF.format("liblark.so", "liblrak.so"), "liblrak"),
        (f"{LARK}/run.sh", "\nexec", IF.format("voices.so", "lib/voices.so"), "voices.so"),
        (f"{LARK}/run.sh", "\nexec", IF.format("voices/a", "voices/b"), ""),
        (f"{LARK}/run.sh", "\nexec", IF.format("x.txt", "x.in"), ""),
        (f"{LARK}/run.sh", "\nexec", INNER.format("libab.so.1", "libab.so.2"), "libab.so.1"),
        (f"{LARK}/run.sh", "\nexec", INNER.format("libab.so.1", "libab.so.1"), ""),
        (f"{LARK}/run.sh", "\nexec", '\nX="$CURDIR/lib/liblark.dyli"\nexec', "liblark.dyli"),
        (f"{LARK}/run.sh", "\nexec", '\nX="$CURDIR/lib/libl-1.o"\nexec', "libl-1.o"),
        (f"{LARK}/run.sh", "\nexec", '\nsource "$CURDIR/lib/libl.sh" libx.json libx.so libx.so.1 libx.dylib\nexec', ""),
        (f"{LARK}/Makefile", "GOCMD?=go\n", "GOCMD?=go\nI=-I$(D)/llava/l -I$(D)/llama/l -I$(D)/llama/l\n", ""),
        (f"{LARK}/Makefile", "LIBRARY=liblark.so", "LIBRARY=libggml-gpu.so\nA=libggml-cpu.so\nB=libggml-cpu.so", ""),
        (f"{LARK}/run.sh", "\nexec", f"\n{ROOTS.format('prc')}exec", "prc"),
        (f"{LARK}/run.sh", "\nexec", f"\n{ROOTS.format('proc')}exec", ""),
        (f"{LARK}/run.sh", "\nexec", '\nls "$CURDIR"/prc/cpuinfo >/ev/null\nexec', "ev"),
        (f"{LARK}/run.sh", "\nexec", "\nsed -n '/pro/p' /user/share/x /usrr/found\nexec", ""),
        (f"{HERON}/CMakeLists.txt", "grpc-server grpc-server.cpp", "grpc-server grpc-srver.cpp", "grpc-srver.cpp"),
        (f"{HERON}/CMakeLists.txt", "grpc-server grpc-server.cpp", "grpc-server grpc-server.cpp other.cpp", ""),
        (f"{HERON}/CMakeLists.txt", 'PREPEND "${CMAKE_CURRENT_BINARY_DIR}/"', 'PREPEND "${D}/backend.grpc.p.cc"', "backend.grpc.p.cc"),
        (f"{HERON}/CMakeLists.txt", "add_executable(grpc-server ", "set(TARGET grpc-sever)\nadd_executable(${TARGET} ", "grpc-sever"),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server other", "other"),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server other\n\tmv other $@", ""),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server other\n\tcc -o grpc-server a.c", ""),
        (f"{FINCH}/install.sh", "installRequirements", "pip insttall x\ninstallRequirements", "insttall"),
        (f"{FINCH}/install.sh", "installRequirements", "pip install x\ninstallRequirements", ""),
        (f"{KESTREL}/Makefile", "cargo build", "cargo buld", "buld"),
        (f"{KESTREL}/Makefile", "cargo build", "cargo cbuild", ""),
    ],
)  # fmt: skip
def test_a_word_that_others_decide(path: str, old: str, new: str, word: str) -> None:
    where = tree(replaced(path, (old, new)))
    told = findings(where, SLUG)
    assert [(f.path, f.subject.split()[0]) for f in told] == [(path, word)] * bool(word)


@pytest.mark.parametrize(
    ("words", "word"),
    [("heron_voices", "heron_voices"), ("heron_voice", ""), ("lark_voice", ""), ("$VOICES", "")],
)
def test_a_word_of_a_loop_that_sources_have_otherwise(words: str, word: str) -> None:
    package = (
        f'{read(f"{HERON}/package.sh")}\nfor one in {words}; do cp -r "heron/$one" "$CURDIR/package"; done\n'
    )
    source = f"{read(f'{HERON}/grpc-server.cpp')}\n// heron_voice, as heron_voice\n"
    where = tree({f"{HERON}/package.sh": package.encode(), f"{HERON}/grpc-server.cpp": source.encode()})
    told = findings(where, SLUG)
    assert [(f.subject, f.line) for f in told] == [
        (f"{word} in package.sh", line_of(where, f"{HERON}/package.sh", "for one in"))
    ] * bool(word)


def test_a_script_of_the_repository_that_is_not_there() -> None:
    changed = replaced(f"{LARK}/package.sh", ("$REPO_ROOT/scripts/build", "$CURDIR/../../../scripts/buld"))
    assert [f.subject for f in findings(tree(changed), "files-missing")] == [
        "file ../../../scripts/buld/package-system-libs.sh"
    ]
