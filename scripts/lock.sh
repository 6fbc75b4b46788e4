#!/bin/sh
# Write requirements.lock (what runs), requirements-dev.lock (what tests and checks), and a lock for each extra that brings much along: every
# version with the hashes of its files, for all platforms, from pyproject.toml. Versions in the files stay unless UPGRADE=1 is set. Needs uv (https://docs.astral.sh/uv/).
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || {
    echo 'oxygrid: uv is needed to lock versions: https://docs.astral.sh/uv/' >&2
    exit 2
}

lock() {
    file=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
        ${UPGRADE:+--upgrade} --output-file "$file" "$@" >/dev/null
}

printf 'setuptools>=77\n' >.lock-build.in
trap 'rm -f .lock-build.in .lock-extra.in' EXIT
lock requirements.lock pyproject.toml .lock-build.in --extra embedded
lock requirements-dev.lock --group dev --constraints requirements.lock
for extra in apprise pdf; do
    sed -n "s/^$extra = \\[\"\\(.*\\)\"\\]\$/\\1/p" pyproject.toml >.lock-extra.in
    lock "requirements-$extra.lock" .lock-extra.in --constraints requirements.lock --constraints requirements-dev.lock
done
