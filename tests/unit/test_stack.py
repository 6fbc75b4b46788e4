"""The stack's files fit the specification, their linters, and one another. No docker is needed: what can't be run is compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from compose_spec import PyCompose

from collector.access.accounts import COLLECTOR
from collector.access.stack import CERTIFICATES, OWNERS, PASSWORDS
from collector.config import Config, load

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECRETS = "./stack/secrets/"
LASTING = {name: service for name, service in SERVICES.items() if service.get("restart") == "unless-stopped"}


def volumes(service: str) -> dict[str, str]:
    """Where → what, of a service."""
    return {parts[1]: parts[0] for parts in (volume.split(":") for volume in SERVICES[service]["volumes"])}


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT / "stack/oxygrid.yaml")


def outside(service: str, path: str) -> Path:
    """What a path in a container is in this folder: a file, or the folder that `make stack-secrets` fills."""
    where = max((place for place in volumes(service) if path == place or path.startswith(f"{place}/")), key=len)
    return Path(volumes(service)[where] + path.removeprefix(where))


def test_the_compose_file_is_one() -> None:
    """`<<` is YAML's own merge, and no part of the specification: it is resolved first, as docker compose does."""
    assert PyCompose.from_yaml(yaml.safe_dump(COMPOSE)).service_names()


@pytest.mark.parametrize("service", SERVICES)
def test_every_image_is_pinned(service: str) -> None:
    image = SERVICES[service]["image"]
    assert image == "oxygrid:local" or re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+[a-z0-9.-]*", image), image


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_least(service: str) -> None:
    """No new privileges, no capability that is not named, limits, bounded logs; and root only where the image needs it."""
    given = SERVICES[service]
    assert given["security_opt"] == ["no-new-privileges:true"]
    assert given["cap_drop"] == ["ALL"]
    assert set(given["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert given["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    if service not in {"influxdb", "influxdb-tokens"}:
        assert "cap_add" not in given
        assert given["read_only"] is True
        assert given.get("user", "10001:10001").split(":")[0] != "0"


@pytest.mark.parametrize("service", LASTING)
def test_what_lasts_is_asked_for_its_health(service: str) -> None:
    own = (ROOT / "Dockerfile").read_text().count("HEALTHCHECK") == 1
    assert "healthcheck" in SERVICES[service] or (service == "collector" and own)


def test_the_database_is_open_to_nobody_outside() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "mosquitto": ["8883:8883", "8884:8884"],
        "grafana": ["3000:3000"],
        "console": ["8443:8443"],
    }
    assert COMPOSE["networks"]["store"] == {"internal": True}
    assert SERVICES["influxdb"]["networks"] == ["store"]


def test_every_name_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"]), name
        for source in volumes(name).values():
            known = source in COMPOSE["volumes"] or source.startswith(SECRETS) or (ROOT / source).exists()
            assert known, f"{name}: {source}"


def test_each_service_reads_its_own_secrets_as_their_owner() -> None:
    seen = {}
    for name, service in SERVICES.items():
        for source in volumes(name).values():
            if source.startswith(SECRETS):
                folder = source.removeprefix(SECRETS).split("/")[0]
                seen[folder] = True
                user = service.get("user", "10001:10001" if service["image"] == "oxygrid:local" else None)
                if user is not None and not user.startswith("0:"):
                    assert int(user.split(":")[0]) == OWNERS[folder], f"{name} reads {folder}"
    assert set(seen) == set(OWNERS) - {"authority"}
    assert f"--uid {OWNERS['collector']} " in (ROOT / "Dockerfile").read_text()
    assert f"USER {OWNERS['collector']}:" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        ("influxdb", "DOCKER_INFLUXDB_INIT_PASSWORD_FILE"),
        ("influxdb", "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"),
        ("influxdb-tokens", "ADMIN_TOKEN_FILE"),
        ("grafana", "GF_SECURITY_ADMIN_PASSWORD__FILE"),
        ("grafana", "GF_SERVER_CERT_FILE"),
        ("grafana", "GF_SERVER_CERT_KEY"),
    ],
)
def test_a_secret_that_is_named_is_one_that_is_made(service: str, variable: str) -> None:
    made = {*PASSWORDS, *(f"{folder}/{file}" for folder, files in CERTIFICATES.items() for file in files)}
    assert str(outside(service, SERVICES[service]["environment"][variable])) in {str(Path(SECRETS) / name) for name in made}


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|KEY", variable):
                assert str(value).startswith("/"), f"{name}: {variable}"


def test_the_collector_s_configuration_fits_the_stack(config: Config) -> None:
    assert config.mqtt is not None
    assert config.influxdb is not None
    made = {f"collector/{file}" for file in CERTIFICATES["collector"]} | {"collector/mqtt-password"}
    for path in (config.mqtt.password_file, config.mqtt.ca_file, config.mqtt.cert_file, config.mqtt.key_file, config.access.ca_file):
        assert str(outside("collector", str(path))).removeprefix("stack/secrets/") in made, path
    assert config.mqtt.username == COLLECTOR
    assert config.mqtt.url == "mqtts://mosquitto:8884"
    assert config.influxdb.url == "http://influxdb:8086"
    assert config.influxdb.bucket == SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert config.influxdb.org == SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_ORG"]
    assert config.data_dir in volumes("collector")
    assert config.access.folder in volumes("accounts")
    assert config.data_dir in volumes("console")
    assert f"127.0.0.1:{config.ops.port}/healthz" in (ROOT / "Dockerfile").read_text()
    assert str(config.ops.host) == "127.0.0.1"


def test_the_console_is_served_over_tls_on_the_port_that_is_open(config: Config) -> None:
    console = config.console
    made = {f"console/{file}" for file in CERTIFICATES["console"]}
    assert {str(outside("console", str(path))).removeprefix("stack/secrets/") for path in (console.cert_file, console.key_file)} == made
    assert SERVICES["console"]["ports"] == [f"{console.port}:{console.port}"]
    assert SERVICES["console"]["command"] == ["console", "run"]
    assert f"https://127.0.0.1:{console.port}/healthz" in SERVICES["console"]["healthcheck"]["test"][-1]
    assert console.url == f"https://{urlsplit(config.access.url or '').hostname}:{console.port}"
    assert console.secure


def test_the_tokens_are_written_where_they_are_read(config: Config) -> None:
    script = (ROOT / "stack/influxdb-tokens.sh").read_text()
    for service, owner in (("collector", 10001), ("console", 10001), ("grafana", 472)):
        assert f'token "$TOKENS/{service}" {owner}:' in script
        assert volumes("influxdb-tokens")[f"/tokens/{service}"] == f"token-{service}" == volumes(service)["/run/influxdb-token"]
    assert config.influxdb is not None
    assert config.influxdb.token_file == "/run/influxdb-token/token"
    rights = [line for line in script.splitlines() if line.startswith('token "$TOKENS')]
    assert ["--write-bucket" in line for line in rights] == [True, False, False]
    for name in ("ORG", "BUCKET"):
        assert SERVICES["influxdb-tokens"]["environment"][name] == SERVICES["influxdb"]["environment"][f"DOCKER_INFLUXDB_INIT_{name}"]


def test_grafana_finds_its_dashboards_and_asks_with_its_own_token() -> None:
    mounted, settings = volumes("grafana"), SERVICES["grafana"]["environment"]
    home = Path(settings["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (ROOT / mounted[settings["OXYGRID_DASHBOARDS"]] / home.relative_to(settings["OXYGRID_DASHBOARDS"])).is_file()
    (ours,) = yaml.safe_load((ROOT / "stack/grafana/datasource.yaml").read_text())["datasources"]
    (shipped,) = yaml.safe_load((ROOT / "dashboards/provisioning/datasources-token/oxygrid.yaml").read_text())["datasources"]
    differing = {key for key in shipped if ours[key] != shipped[key]}
    assert differing == {"url", "database", "jsonData", "secureJsonData"}
    assert {**shipped["jsonData"], "dbName": ours["jsonData"]["dbName"]} == ours["jsonData"]
    assert ours["database"] == ours["jsonData"]["dbName"] == SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    file = re.fullmatch(r"Token \$__file\{(/run/influxdb-token)/token\}", ours["secureJsonData"]["httpHeaderValue1"])
    assert file is not None
    assert mounted[file[1]] == "token-grafana"


def test_the_broker_reads_what_is_mounted() -> None:
    text = (ROOT / "stack/mosquitto.conf").read_text()
    paths = set(re.findall(r"^(?:password_file|acl_file|certfile|keyfile|cafile|persistence_location) (\S+)", text, re.MULTILINE))
    folders = {"accounts": {"passwords", "acl"}, "tls": set(CERTIFICATES["mosquitto"]), "data": {""}}
    for path in paths:
        folder, _, file = path.removeprefix("/mosquitto/").partition("/")
        assert file in folders[folder], path
        assert f"/mosquitto/{folder}" in volumes("mosquitto")
    assert set(re.findall(r"^listener (\d+)$", text, re.MULTILINE)) == {"8883", "8884"}
    assert "allow_anonymous false" in text


LINTERS = {
    "Dockerfile": ["hadolint", "Dockerfile"],
    "shell": ["shellcheck", "stack/influxdb-tokens.sh", *(str(script) for script in sorted(ROOT.glob("scripts/*.sh"))), ".ci/run"],
    "yaml": ["yamllint", "--strict", "-c", "stack/yamllint.yaml", "docker-compose.yml", "stack", "examples"],
}


@pytest.mark.parametrize("linter", LINTERS)
def test_lint(linter: str) -> None:
    program, *files = LINTERS[linter]
    found = subprocess.run([Path(sys.executable).parent / program, *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


INFLUX = """#!/bin/sh
echo "$*" >>"$ASKED"
case $1 in
bucket) printf '0123abcd\toxygrid\t43824h\n' ;;
v1)
    [ "$3" != create ] || printf 'id\toxygrid\tb\t%s\tfalse\n' "$9" >>"$ASKED.map"
    [ ! -f "$ASKED.map" ] || cat "$ASKED.map" ;;
auth) printf 'id\tdescription\ttoken-%s\tadmin\n' "$(wc -l <"$ASKED" | tr -d ' ')" ;;
esac
"""


def test_the_script_for_tokens_makes_each_once(tmp_path: Path) -> None:
    """Against a program that answers as `influx` does with --hide-headers; the real one was never run here."""
    for name, text in (("influx", INFLUX), ("chown", '#!/bin/sh\necho "chown $1" >>"$ASKED"\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for folder in ("collector", "console", "grafana"):
        (tmp_path / "tokens" / folder).mkdir(parents=True)
    (tmp_path / "admin").write_text("admin-token")
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "ASKED": str(tmp_path / "asked"),
        "TOKENS": str(tmp_path / "tokens"),
        "ADMIN_TOKEN_FILE": str(tmp_path / "admin"),
        "INFLUX_HOST": "http://influxdb:8086",
        "ORG": "oxygrid",
        "BUCKET": "oxygrid",
    }
    for _ in range(2):
        ran = subprocess.run(
            ["sh", "stack/influxdb-tokens.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=20
        )
        assert (ran.returncode, ran.stderr) == (0, "")
    asked = (tmp_path / "asked").read_text().splitlines()
    list_, map_ = "v1 dbrp list", "v1 dbrp create"
    assert [line if line.startswith("v1") else line.split()[0] for line in asked] == [
        "bucket", *["auth", "chown"] * 3,
        f"{list_} --org oxygrid --db oxygrid --hide-headers",
        f"{map_} --org oxygrid --db oxygrid --rp raw --bucket-id 0123abcd --default",
        f"{list_} --org oxygrid --db oxygrid --hide-headers",
        f"{map_} --org oxygrid --db oxygrid --rp long --bucket-id 0123abcd",
        "bucket", *[f"{list_} --org oxygrid --db oxygrid --hide-headers"] * 2,
    ]  # fmt: skip
    assert [("--read-bucket 0123abcd" in line, "--write-bucket 0123abcd" in line) for line in asked if line.startswith("auth")] == [
        (True, True),
        (True, False),
        (True, False),
    ]
    tokens = {folder: (tmp_path / "tokens" / folder / "token") for folder in ("collector", "console", "grafana")}
    assert all(file.read_text().startswith("token-") and file.stat().st_mode & 0o777 == 0o600 for file in tokens.values())
    assert "admin-token" not in "".join(file.read_text() for file in tokens.values())
