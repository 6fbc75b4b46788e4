#!/bin/sh
# Install what the tests start themselves: mosquitto, InfluxDB 1.x, VictoriaMetrics, Chromium; and the libraries and letters for PDF. Only on
# Debian and its kin, only as root; elsewhere the tests say what is missing. Nothing is left running by this: the tests start their own servers on free ports.
set -eu
POLICY=/usr/sbin/policy-rc.d

has() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null 2>&1
}

has_library() {
    PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q "$1"
}

has_letters() {
    fc-list 2>/dev/null | grep -q NotoSansDevanagari && fc-list | grep -q NotoSansArabic
}

wanted() {
    has mosquitto || echo mosquitto
    has mosquitto_sub || echo mosquitto-clients
    has influxd || echo influxdb
    has victoria-metrics || echo victoria-metrics
    has chromium || echo chromium
    has fc-list || echo fontconfig
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    has_letters || echo fonts-noto-core
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
