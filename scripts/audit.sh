#!/bin/sh
# Is anything in the lock files known to be vulnerable? And, with `sbom`, what is in them, as a CycloneDX file for a release.
# Needs uv, which fetches the tools for the moment. Without a way to the vulnerability service it says so, and checks what can be checked here.
set -eu
cd "$(dirname "$0")/.."
command -v uvx >/dev/null || {
    echo 'oxygrid: uv is needed: https://docs.astral.sh/uv/' >&2
    exit 2
}

if [ "${1:-}" = sbom ]; then
    mkdir -p build
    uvx --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --of JSON -o build/oxygrid.cdx.json
    echo "build/oxygrid.cdx.json: $(grep -c '"bom-ref"' build/oxygrid.cdx.json) entries"
    exit 0
fi

for lock in requirements.lock requirements-dev.lock; do
    loose=$(grep -cE '^[a-zA-Z0-9][^=]*(>|<|~)=?' "$lock" || true)
    pinned=$(grep -cE '^[a-z0-9][a-z0-9._-]*==' "$lock")
    [ "$loose" = 0 ] || {
        echo "$lock: $loose packages are not pinned to one version; make lock" >&2
        exit 1
    }
    echo "$lock: $pinned packages, each pinned, with hashes; written $(git log -1 --format=%cs -- "$lock" 2>/dev/null || echo 'at an unknown time')"
    if said=$(uvx --quiet pip-audit==2.10.1 --disable-pip --require-hashes -r "$lock" 2>&1); then
        if echo "$said" | grep -q 'could not be audited'; then
            echo "$lock: the vulnerability service can't be reached from here, nothing more is known: run it where it can" >&2
        else
            echo "$lock: $said"
        fi
    else
        echo "$said" >&2
        exit 1
    fi
done
