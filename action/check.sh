#!/usr/bin/env bash
# What action.yml runs: installs scaffold with uv, and checks what the event of the job changes.
#
# Reads INPUT_SELECT, INPUT_IGNORE (rules or groups, with blanks or commas between them), INPUT_STRICT,
# INPUT_VERSION (a release; without it, what this file came with), INPUT_BASE, INPUT_REPO, and what GitHub's
# runner sets.
# The annotations are its output. Writes the findings as SARIF and Markdown first, so that they are there
# however it ends, and ends as the check does: 0 clean, 1 findings, 2 wrong usage, 3 a file that cannot be read.
set -euf -o pipefail

fail() { # CODE TEXT: an annotation
    printf '::error title=scaffold::%s\n' "$2"
    exit "$1"
}

checked=("--base=$INPUT_BASE" "--repo=$INPUT_REPO")
for name in ${INPUT_SELECT//,/ }; do checked+=("--select=$name"); done
for name in ${INPUT_IGNORE//,/ }; do checked+=("--ignore=$name"); done
case $INPUT_STRICT in
    true) checked+=(--strict) ;;
    false) ;;
    *) fail 2 'the input strict is true or false' ;;
esac

# What installs stands in no folder of the checkout, whose files could be taken for its settings.
place=$(mktemp -d "$RUNNER_TEMP/scaffold-XXXXXX")
export UV_TOOL_DIR=$place/tools UV_TOOL_BIN_DIR=$place/bin
if [ -n "$INPUT_VERSION" ]; then
    source=("localai-scaffold==$INPUT_VERSION")
else
    source=(--constraints "$GITHUB_ACTION_PATH/action/constraints.txt" "$GITHUB_ACTION_PATH")
fi
(cd "$place" && uv tool install --quiet "${source[@]}") || fail 3 'uv could not install scaffold; the log says why'

write() { # OUTPUT FORMAT FILE: the file's name becomes an output of the action
    local file=$place/$3
    "$place/bin/scaffold" check "${checked[@]}" --format "$2" --output-file "$file" --exit-zero 2>/dev/null || :
    [ ! -s "$file" ] || printf '%s=%s\n' "$1" "$file" >>"$GITHUB_OUTPUT"
}
write sarif sarif scaffold.sarif
write report markdown scaffold.md

exec "$place/bin/scaffold" check "${checked[@]}" --format github
