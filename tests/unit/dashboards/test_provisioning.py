from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.build import OUT
from dashboards.push import FOLDERS
from dashboards.words import LANGUAGES
from tests.unit.dashboards.written import measurements

HERE = OUT.with_name("provisioning")
FILES = sorted(HERE.glob("*/*.yaml"))
VARIABLE = re.compile(r"\$\{(OXYGRID_[A-Z_]+)\}")
HOWTO = (Path(__file__).parents[3] / "docs/howto/dashboards.md").read_text("utf-8")


def loaded(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))


def rules() -> list[dict[str, Any]]:
    (group,) = loaded("alerting/collector.yaml")["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_secret_stands_in_a_file_and_every_variable_is_explained(file: Path) -> None:
    text = "\n".join(line for line in file.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    assert text.count("$") == len(VARIABLE.findall(text))
    assert {name for name in VARIABLE.findall(text) if f"`{name}`" not in HOWTO} == set()
    for secret in re.findall(r"(?:password|httpHeaderValue1): (.*)", text):
        assert VARIABLE.sub("", secret) in {"", "Token "}


@pytest.mark.parametrize("name", ["datasources", "datasources-token"])
def test_the_data_source_is_the_one_that_the_dashboards_ask(name: str) -> None:
    (source,) = loaded(f"{name}/oxygrid.yaml")["datasources"]
    assert (source["uid"], source["type"], source["jsonData"]["version"]) == ("oxygrid", "influxdb", "InfluxQL")


def test_each_language_has_the_folder_that_push_uses() -> None:
    providers = loaded("dashboards/oxygrid.yaml")["providers"]
    assert {each["folderUid"].removeprefix("oxygrid-"): each["folder"] for each in providers} == FOLDERS
    assert [each["options"]["path"] for each in providers] == [f"${{OXYGRID_DASHBOARDS}}/{language}" for language in LANGUAGES]


def test_alert_rules_have_a_name_an_end_and_something_to_do() -> None:
    found = rules()
    assert {rule["uid"] for rule in found} == {f"oxygrid-{name}" for name in ("silent", "unheard", "lag", "drops", "quarantine", "disk")}
    for rule in found:
        assert rule["condition"] == rule["data"][-1]["refId"]
        assert all(rule["annotations"][key] for key in ("summary", "description"))
        assert rule["execErrState"] == "Alerting"
        refs = [part["refId"] for part in rule["data"]]
        assert [part["model"]["refId"] for part in rule["data"]] == refs
        assert [part["model"].get("expression") for part in rule["data"]] == [None, *refs[:-1]]


def test_only_silence_is_an_alarm_when_there_is_nothing_to_see() -> None:
    """The others would only say the same again."""
    assert {rule["uid"]: rule["noDataState"] for rule in rules() if rule["noDataState"] != "OK"} == {"oxygrid-silent": "Alerting"}


def test_alert_rules_ask_for_what_is_written_within_bounds() -> None:
    written = measurements()["collector"]
    for rule in rules():
        query = rule["data"][0]["model"]["query"]
        names = re.findall(r'"([^"]+)"', query)
        assert names[1] == "collector"
        assert set(names) - {"collector"} <= written.fields | written.tags
        assert re.search(r"time > now\(\) - \d+m\b", query)
        assert rule["data"][0]["datasourceUid"] == "oxygrid"


def test_an_alert_leads_to_the_panel_that_shows_it() -> None:
    made = json.loads((OUT / "en/collector.json").read_text("utf-8"))
    shown = {str(panel["id"]): json.dumps(panel.get("targets")) for panel in made["panels"]}
    for rule in rules():
        field = re.findall(r'"([^"]+)"', rule["data"][0]["model"]["query"])[0]
        assert rule["annotations"]["__dashboardUid__"] == made["uid"]
        assert f'\\"{field}\\"' in shown[rule["annotations"]["__panelId__"]]
