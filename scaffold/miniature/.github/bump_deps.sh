#!/bin/bash
set -e

# bump_deps.sh OWNER/REPO BRANCH VARIABLE [FILE]: set a pin to the head of BRANCH.

REPO=$1
BRANCH=$2
VAR=$3
FILE=${4:-Makefile}

LAST_COMMIT=$(curl --silent --show-error --location --fail --retry 5 \
    ${GITHUB_TOKEN:+--header "Authorization: Bearer ${GITHUB_TOKEN}"} \
    --header "Accept: application/vnd.github.VERSION.sha" \
    "https://api.github.com/repos/$REPO/commits/$BRANCH" || true)

# Anything else, such as the text of an error, must not get into the Makefile.
if ! [[ "$LAST_COMMIT" =~ ^[0-9a-f]{40}$ ]]; then
    echo "Refusing to bump $VAR: no commit of $REPO@$BRANCH in: $LAST_COMMIT" >&2
    exit 1
fi

CURRENT_COMMIT="$(grep -m1 "^$VAR?=" "$FILE" | cut -d'=' -f2 || true)"

sed -i "$FILE" -e "s/$VAR?=.*/$VAR?=$LAST_COMMIT/"

if [ -z "$CURRENT_COMMIT" ]; then
    echo "Could not find $VAR in $FILE."
    exit 0
fi

echo "Changes: https://github.com/$REPO/compare/${CURRENT_COMMIT}..${LAST_COMMIT}" >> "${VAR}_message.txt"
echo "${LAST_COMMIT}" >> "${VAR}_commit.txt"
