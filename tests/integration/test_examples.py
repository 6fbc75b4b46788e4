"""The files to copy: configurations are right, mosquitto takes its own, and the unit is one that systemd understands and that is strict."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from collector.access.book import AccountBook
from collector.cli import main
from collector.config import load
from tests.servers import HOST, Server, free_port, program

EXAMPLES = Path(__file__).parents[2] / "examples"
UNIT = EXAMPLES / "oxygrid.service"
STRICT = {
    "User": ["oxygrid"],
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateTmp": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "RestrictAddressFamilies": ["AF_INET AF_INET6 AF_UNIX"],
    "SystemCallFilter": ["@system-service", "~@privileged @resources"],
    "StateDirectory": ["oxygrid"],
    "StateDirectoryMode": ["0700"],
    "UMask": ["0077"],
    "Restart": ["on-failure"],
    "ExecReload": ["/bin/kill -HUP $MAINPID"],
}


def unit() -> dict[str, dict[str, list[str]]]:
    sections: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in UNIT.read_text().splitlines():
        if found := re.fullmatch(r"\[(\w+)]", line):
            section = found[1]
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            sections[section][key].append(value)
    return sections


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_every_example_is_a_right_configuration(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "-c", str(file)]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.startswith("ok: ")


def test_the_hospital_has_a_broker_a_database_and_three_channels_and_no_secret() -> None:
    config = load(EXAMPLES / "hospital.yaml")
    assert config.mqtt is not None
    assert config.influxdb is not None
    assert [channel.kind for channel in config.notify.channels] == ["log", "smtp", "webhook"]
    assert {asset.kind for asset in config.sites[0].assets} == {
        "psa_plant", "pipeline", "manifold", "lox_tank", "cylinder_store", "concentrator", "gateway",
    }  # fmt: skip


def test_the_unit_is_strict() -> None:
    service = unit()["Service"]
    assert {key: service[key] for key in STRICT} == STRICT
    assert int(service["TimeoutStopSec"][0]) > 5, "it may take five seconds to work off what it has"
    assert unit()["Unit"]["StartLimitIntervalSec"] == ["0"], "it never gives up"


def test_the_unit_fits_the_configuration_and_the_installation() -> None:
    service = unit()["Service"]
    assert load(EXAMPLES / "hospital.yaml").data_dir == f"/var/lib/{service['StateDirectory'][0]}"
    howto = (EXAMPLES.parent / "docs/howto/install-debian.md").read_text()
    executable, *arguments = service["ExecStart"][0].split(" ")
    assert f"sudo ln -s {executable} /usr/local/bin/oxygrid" in howto
    assert arguments == ["run", "-c", "/etc/oxygrid/oxygrid.yaml"]
    assert " examples/hospital.yaml /etc/oxygrid/oxygrid.yaml" in howto
    assert " -g oxygrid " in howto


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed; Debian's package systemd has it")
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE)
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    verified = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in verified.stderr.splitlines() if UNIT.name in line]
    assert ours == []
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    exposure = re.search(r"exposure level for oxygrid.service: ([\d.]+)", judged.stdout)
    assert exposure is None or float(exposure[1]) < 2.0, judged.stdout


def mosquitto_conf(folder: Path, port: int) -> str:
    """The file as Debian's mosquitto.conf includes it, with a port and folders of this test."""
    folder.mkdir()
    text = (EXAMPLES / "mosquitto.conf").read_text().replace("listener 1883 127.0.0.1", f"listener {port} {HOST}")
    return f"persistence true\npersistence_location {folder}/\nuser root\n{text}"


def publish(port: int, *options: str) -> int:
    pub = [program("mosquitto_pub", "mosquitto-clients"), "-h", HOST, "-p", str(port), "-q", "1", "-V", "5", *options, "-m", "x"]
    return subprocess.run(pub, timeout=20, check=False, capture_output=True).returncode


@pytest.mark.server
def test_mosquitto_takes_its_configuration_and_keeps_more_than_a_thousand_messages(tmp_path: Path) -> None:
    mosquitto = program("mosquitto", "Debian's package mosquitto")
    port, file = free_port(), tmp_path / "oxygrid.conf"
    file.write_text(mosquitto_conf(tmp_path / "m", port))
    sub = [program("mosquitto_sub", "mosquitto-clients"), "-h", HOST, "-p", str(port), "-q", "1", "-c", "-i", "away", "-t", "t/#"]
    server = Server("mosquitto", [mosquitto, "-c", str(file)], tmp_path / "m", port)
    server.start()
    try:
        subprocess.run([*sub, "-E"], timeout=20, check=True)
        lines = "\n".join(str(n) for n in range(3000))
        pub = [program("mosquitto_pub", "mosquitto-clients"), "-h", HOST, "-p", str(port), "-q", "1", "-t", "t/a", "-l"]
        subprocess.run(pub, input=lines, text=True, timeout=60, check=True)
        server.stop()
        server.start()
        heard = subprocess.run([*sub, "-C", "3000", "-W", "30"], capture_output=True, text=True, timeout=60, check=True)
        assert heard.stdout.split() == lines.split()
    finally:
        server.stop()
    assert "rror" not in server.log.read_text()


@pytest.mark.server
def test_the_listener_for_the_network_lets_each_site_publish_under_its_own_name_only(tmp_path: Path) -> None:
    """Without the TLS lines: certificates have tests of their own."""
    mosquitto = program("mosquitto", "Debian's package mosquitto")
    port, network, folder = free_port(), free_port(), tmp_path / "m"
    text = mosquitto_conf(folder, port).replace("/etc/oxygrid/accounts/", f"{folder}/")
    text = re.sub(r"^#(?=listener|allow_anonymous|password_file|acl_file)", "", text, flags=re.MULTILINE)
    file = tmp_path / "oxygrid.conf"
    file.write_text(text.replace("listener 8883", f"listener {network} {HOST}"))
    password = AccountBook(folder, "oxygrid/v1").add("district-hospital", "", 0).password
    server = Server("mosquitto", [mosquitto, "-c", str(file)], folder, port)
    server.start()
    try:
        known = ("-u", "district-hospital", "-P", password)
        assert publish(network, *known, "-t", "oxygrid/v1/district-hospital/psa1") == 0
        assert publish(network, "-t", "oxygrid/v1/district-hospital/psa1") != 0, "nobody without a name"
        assert publish(network, "-u", "district-hospital", "-P", "guess", "-t", "oxygrid/v1/district-hospital/psa1") != 0
        for site in ("other-hospital", "district-hospital"):
            publish(network, *known, "-r", "-t", f"oxygrid/v1/{site}/gw/status")
        sub = [program("mosquitto_sub", "mosquitto-clients"), "-h", HOST, "-p", str(port), "-t", "oxygrid/#", "-W", "2", "-F", "%t"]
        heard = subprocess.run(sub, capture_output=True, text=True, timeout=20, check=False).stdout.split()
        assert heard == ["oxygrid/v1/district-hospital/gw/status"], "under another site's name nothing passes"
    finally:
        server.stop()
