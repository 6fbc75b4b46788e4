#!/bin/sh
# A token for each of three services: the collector may read and write the one bucket, the console and Grafana may read it, and none may do
# anything else; and the names under which InfluxQL knows the bucket.
# The server makes them and shows each once, so they are written at once to the one folder that the service reads. Run again it changes
# nothing that is there. The admin's own token is used here and nowhere else.
set -eu

: "${INFLUX_HOST:?}" "${ORG:?}" "${BUCKET:?}" "${ADMIN_TOKEN_FILE:?}"
TOKENS=${TOKENS:-/tokens}
INFLUX_TOKEN=$(cat "$ADMIN_TOKEN_FILE")
export INFLUX_HOST INFLUX_TOKEN

bucket=$(influx bucket list --org "$ORG" --name "$BUCKET" --hide-headers | cut -f 1)
[ -n "$bucket" ] || {
    echo "influxdb-tokens: there is no bucket $BUCKET in the organisation $ORG" >&2
    exit 1
}

# token FOLDER OWNER DESCRIPTION RIGHTS…
token() {
    file=$1/token
    owner=$2
    description=$3
    shift 3
    [ ! -s "$file" ] || return 0
    umask 077
    influx auth create --org "$ORG" --description "$description" --hide-headers "$@" | cut -f 3 >"$file.new"
    [ -s "$file.new" ] || {
        echo "influxdb-tokens: the server gave no token for: $description" >&2
        exit 1
    }
    chown "$owner" "$file.new"
    mv "$file.new" "$file"
    echo "influxdb-tokens: made one for: $description"
}

token "$TOKENS/collector" 10001:10001 'oxygrid collector' --read-bucket "$bucket" --write-bucket "$bucket"
token "$TOKENS/console" 10001:10001 'oxygrid console, reads only' --read-bucket "$bucket"
token "$TOKENS/grafana" 472:0 'grafana, reads only' --read-bucket "$bucket"

# map POLICY OPTIONS…: dashboards ask in InfluxQL, which names a database and a retention policy; both policies are the one bucket.
map() {
    policy=$1
    shift
    influx v1 dbrp list --org "$ORG" --db "$BUCKET" --hide-headers | cut -f 4 | grep -qx "$policy" && return 0
    influx v1 dbrp create --org "$ORG" --db "$BUCKET" --rp "$policy" --bucket-id "$bucket" "$@" >/dev/null ||
        echo "influxdb-tokens: the policy $policy could not be mapped to the bucket: dashboards may find nothing" >&2
}

map raw --default
map long
