#!/bin/sh
# Install what the tests start themselves: mosquitto, InfluxDB 1.x, VictoriaMetrics, Chromium. Only on Debian and its kin, only as root; elsewhere the
# tests say what is missing. Nothing is left running by this: the tests start their own servers on free ports.
set -eu
POLICY=/usr/sbin/policy-rc.d

has() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null 2>&1
}

wanted() {
    has mosquitto || echo mosquitto
    has mosquitto_sub || echo mosquitto-clients
    has influxd || echo influxdb
    has victoria-metrics || echo victoria-metrics
    has chromium || echo chromium
}

packages=$(wanted | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! has apt-get; then
    printf 'not installed: %s(tests that need them are skipped; on Debian: sudo apt-get install %s)\n' "$packages" "$packages"
    exit 0
fi

# Debian starts a service when it installs one; this keeps it from doing so (invoke-rc.d asks the policy).
if [ ! -e $POLICY ]; then
    printf '#!/bin/sh\nexit 101\n' >$POLICY
    chmod 755 $POLICY
    trap 'rm -f $POLICY' EXIT
fi
apt-get update -qq || printf 'apt-get update failed; trying with the lists at hand\n'
for package in $packages; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
        printf '%s could not be installed; tests that need it are skipped (or fail with CI=true)\n' "$package"
done
