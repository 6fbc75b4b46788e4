from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import Config
from collector.config.loader import SHOWN, ConfigError, load

PLANT = "{id: psa1, kind: psa_plant, rated_flow_lpm: 500}"
SITE = f"sites:\n  - id: a\n    assets: [{PLANT}]\n"


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    """What is said about a file, without its folder."""
    file = tmp_path / "c.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [line.replace(f"{tmp_path}/", "") for line in caught.value.problems]


def written(tmp_path: Path, text: str, name: str = "c.yaml") -> Path:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_least_configuration_has_all_defaults(tmp_path: Path) -> None:
    config = load(written(tmp_path, SITE))
    assert [site.id for site in config.sites] == ["a"]
    assert (config.mqtt, config.jetstream, config.influxdb) == (None, None, None)
    assert config.topic_prefix == "oxygrid/v1"
    assert config.journal_path == tmp_path / "data" / "journal.db"
    assert [channel.kind for channel in config.notify.channels] == ["log"]


def test_an_empty_file_is_a_configuration_without_sites(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")).sites == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SITE.replace("psa_plant", "psa_plnt"), "c.yaml:3: sites[0].assets[0]: unknown kind 'psa_plnt'; known: psa_plant, pipeline,"),
        (
            SITE.replace("rated_flow_lpm", "rated_flow"),
            "c.yaml:3: sites[0].assets[0].rated_flow: unknown key 'rated_flow'; did you mean 'rated_flow_lpm'?",
        ),
        (SITE.replace("rated_flow_lpm", "rated_flow"), "c.yaml:3: sites[0].assets[0].rated_flow_lpm: missing: Rated product flow, L/min."),
        (SITE.replace("500", "-5"), "c.yaml:3: sites[0].assets[0].rated_flow_lpm: found -5; should be more than 0"),
        (SITE.replace("500", "lots"), "c.yaml:3: sites[0].assets[0].rated_flow_lpm: found 'lots'; should be a number"),
        (SITE.replace("500", ".nan"), "c.yaml:3: sites[0].assets[0].rated_flow_lpm: found nan; should be a finite number"),
        (SITE.replace("id: a\n", "id: A\n"), "c.yaml:2: sites[0].id: found 'A'; should be lower-case letters, digits and '-'"),
        (SITE.replace("id: a\n", "id: 12\n"), "c.yaml:2: sites[0].id: found 12; should be text: put it in quotes, '12'"),
        (SITE.replace("id: a\n", "id: a\n    timezone: Mars\n"), "c.yaml:3: sites[0].timezone: 'Mars' is no IANA time zone"),
        (
            SITE.replace("id: a\n", "id: a\n    name: {hi: 3}\n"),
            "c.yaml:3: sites[0].name.hi: found 3; should be text: put it in quotes, '3'",
        ),
        (
            SITE.replace("id: a\n", "id: a\n    name: 3\n"),
            "c.yaml:3: sites[0].name: found 3; should be text: put it in quotes, '3' or a mapping",
        ),
        (SITE + "  - id: a\n    assets: []\n", "c.yaml:4: sites[1].id: site id 'a' stands twice; site ids are unique"),
        (
            SITE + "ops: {log_level: inof}\n",
            "c.yaml:4: ops.log_level: found 'inof'; should be debug, info, warning or error; did you mean 'info'?",
        ),
        (SITE + "ops: {port: 0}\n", "c.yaml:4: ops.port: found 0; should be at least 1"),
        (SITE + "journal: 5\n", "c.yaml:4: journal: found 5; should be a mapping (key: value)"),
        (SITE + "journal: {keep_h: 200}\n", "c.yaml:4: journal: keep_h (200) is more than max_age_h (168); it can be at most that"),
        (SITE + "mqtt: {url: 'localhost'}\n", "c.yaml:4: mqtt.url: found something else; should be mqtt://host:1883, or mqtts://host:8883"),
        (SITE + "mqtt: {url: 'mqtt://a', cert_file: x}\n", "c.yaml:4: mqtt: cert_file and key_file belong together"),
        (SITE + "mqtt: {url: 'mqtt://a', ca_file: x}\n", "c.yaml:4: mqtt: certificates are for TLS"),
        (SITE + "mqtt: {url: 'mqtt://a'}\njetstream: {url: 'nats://a'}\n", "c.yaml:1: mqtt and jetstream exclude each other"),
        (
            SITE + "rules: {everywhere: {LP-LX: {limit: 1}}}\n",
            "c.yaml:4: rules.everywhere.LP-LX: unknown rule 'LP-LX'; did you mean 'LP-L'?",
        ),
        (
            SITE + "rules: {everywhere: {LP-LL: {limt: 1}}}\n",
            "c.yaml:4: rules.everywhere.LP-LL.limt: unknown key 'limt'; did you mean 'limit'?",
        ),
        (SITE + "rules: {sites: {b: {}}}\n", "c.yaml:4: rules.sites.b: unknown site 'b'; known: a"),
        (SITE + "rules: {assets: {a/psa2: {}}}\n", "c.yaml:4: rules.assets.a/psa2: unknown asset 'a/psa2'; did you mean 'a/psa1'?"),
        (SITE + "rules: {everywhere: {LP-LL: {id: XX-1}}}\n", "c.yaml:4: rules.everywhere.LP-LL.id: the id of a rule can't be changed"),
        (
            SITE + "rules: {everywhere: {PU-L: {limit: 92 %}}}\n",
            "c.yaml:4: rules.everywhere.PU-L.limit: '92 %' is no limit: per cent of what?",
        ),
        (
            SITE + "rules: {everywhere: {PU-L: {raise_states: [true]}}}\n",
            "c.yaml:4: rules.everywhere.PU-L.raise_states[0]: found true; should be text: put it in quotes, 'true'",
        ),
        (
            SITE + "rules: {everywhere: {PU-L: {limit: 48 psi}}}\n",
            "c.yaml:4: rules.everywhere.PU-L.limit: 48 psi: 'psi' is a unit of pressure, not of concentration; for concentration: %,",
        ),
        (
            SITE + "rules: {everywhere: {PU-L: {limit: 192}}}\n",
            "c.yaml:4: rules.everywhere.PU-L.limit: 192 is outside the sane range of o2_purity_pct (0 … 100 %)",
        ),
        (SITE + "rules: {files: [none.yaml]}\n", "none.yaml: no such file"),
        (SITE + "rules: {files: [3]}\n", "c.yaml:4: rules.files[0]: should be the path of a rule file"),
        (SITE + "rules: {files: [{rules: []}]}\n", "c.yaml:4: rules.files[0]: should be the path of a rule file"),
        (SITE + "rules: {files: x.yaml}\n", "c.yaml:4: rules.files: found 'x.yaml'; should be a list (- …)"),
        (SITE + "rules: {add: [{id: XX-1}]}\n", "c.yaml:4: rules.add[0].kind: missing: Kind of asset it watches"),
        (
            SITE + "notify: {channels: [{id: x, kind: mail}]}\n",
            "c.yaml:4: notify.channels[0]: unknown kind 'mail'; known: log, smtp, webhook",
        ),
        (
            SITE + "notify: {channels: [{id: x, kind: log, sites: [b]}]}\n",
            "c.yaml:4: notify.channels[0].sites[0]: unknown site 'b'; known: a",
        ),
        (
            SITE + "notify: {channels: [{id: x, kind: webhook}]}\n",
            "c.yaml:4: notify.channels[0]: a webhook needs exactly one of url and url_file",
        ),
        (SITE + "mqqt: {}\n", "c.yaml:4: mqqt: unknown key 'mqqt'; did you mean 'mqtt'?"),
        (SITE + "sites_from: [none/*.yaml]\n", "c.yaml:4: sites_from[0]: 'none/*.yaml' matches 0 files; 1 to 20000 are right"),
        ("- 1\n", "c.yaml:1: found a list; should be a mapping (key: value)"),
        ("sites: 3\n", "c.yaml:1: sites: found 3; should be a list (- …)"),
        ("sites: [x]\n", "c.yaml:1: sites[0]: found 'x'; should be a mapping (key: value)"),
        ("a: 1\nb: {c: 1,\n c: 2}\na: 3\n", "c.yaml:3: b.c: the key stands twice (first in line 2); keep one"),
        ("a: 1\nb: {c: 1,\n c: 2}\na: 3\n", "c.yaml:4: a: the key stands twice (first in line 1); keep one"),
        ("a: [\n", "c.yaml:2: this is not YAML"),
        ("a: &x 1\nb: *x\n", "c.yaml:2: aliases (*name) are not taken; write the value out"),
        (b"\xff\xfe\x00", "c.yaml: not UTF-8 text (byte 0)"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(tmp_path: Path, text: str | bytes, said: str) -> None:
    found = problems(tmp_path, text)
    assert any(line.startswith(said) for line in found), found


@pytest.mark.parametrize(
    ("assets", "said"),
    [
        (f"{PLANT}, {PLANT}", "sites[0].assets[1].id: asset id 'psa1' stands twice; ids are unique within a site"),
        (f"{PLANT}, {{id: g, kind: gateway, assets: [psa2]}}", "sites[0].assets[1].assets[0]: unknown asset 'psa2'; did you mean 'psa1'?"),
        ("{id: s, kind: cylinder_store, type: in-x}", "sites[0].assets[0].type: unknown cylinder type 'in-x'"),
        ("{id: m, kind: manifold, banks: {a: {cylinders: 1, type: d}}}", "sites[0].assets[0].banks.a.type: unknown cylinder type 'd'"),
        (
            "{id: m, kind: manifold, banks: {c: {cylinders: 1, type: in-d}}}",
            "sites[0].assets[0].banks.c: found 'c'; should be a, b or reserve",
        ),
    ],
)
def test_parts_that_do_not_fit_are_told_once_at_their_place(tmp_path: Path, assets: str, said: str) -> None:
    (line,) = problems(tmp_path, SITE.replace(PLANT, assets))
    assert line.startswith(f"c.yaml:3: {said}")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "sites:\n  - id: A\n    assets: [{id: x, kind: y}]\nmqtt: {url: 1}\nops: {port: x}\n"
    text += "history: {raw_days: 0}\nrules: {sites: {z: {}}}\n"
    assert [line.split(":")[1] for line in problems(tmp_path, text)] == ["2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    "secret_line",
    [
        "mqtt: {url: 'mqtt://a', username: u, password: hunter2}",
        "mqtt: {url: 'mqtt://u:hunter2@a'}",
        "mqtt: {url: 'mqtt://hunter2 hunter2'}",
        "influxdb: {url: 'http://a', token: hunter2}",
        "influxdb: {url: 'http://a', token_file: [hunter2]}",
        "influxdb: {url: 'http://u:hunter2@a'}",
        "notify: {channels: [{id: a, kind: webhook, url: 'ftp://hunter2'}]}",
        "notify: {channels: [{id: a, kind: webhook, url: 'http://a', secret_headers: {K: 'env:hunter2 hunter2'}}]}",
        "notify: {channels: [{id: a, kind: webhook, url: 'http://a', headers: {Authorization: {hunter2: 1}}}]}",
        "notify: {channels: [{id: a, kind: smtp, host: a, from: a@b, to: [a@b], passwrd: hunter2}]}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, secret_line: str) -> None:
    said = "\n".join(problems(tmp_path, SITE + secret_line + "\n"))
    assert said.startswith("c.yaml:4:")
    assert "hunter2" not in said


def test_an_inline_password_is_told_what_is_right(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, SITE + "mqtt: {url: 'mqtt://a', username: u, password: x}\n")
    right = "use password_file with the path of a file that holds it, or env:NAME"
    assert said == f"c.yaml:4: mqtt.password: a secret must not stand in this file: {right}"


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    mqtt = "mqtt: {url: 'mqtts://a', username: u, password_file: secrets/p, ca_file: /etc/ca.pem}\n"
    notify = "notify: {channels: [{id: w, kind: webhook, url_file: env:HOOK, secret_headers: {K: k}}]}\n"
    config = load(written(tmp_path, SITE + mqtt + notify + "data_dir: here\n"))
    assert config.mqtt is not None
    assert (config.mqtt.password_file, config.mqtt.ca_file) == (str(tmp_path / "secrets/p"), "/etc/ca.pem")
    assert config.data_dir == str(tmp_path / "here")
    assert config.notify.channels[0].model_dump()["url_file"] == "env:HOOK"
    assert config.notify.channels[0].model_dump()["secret_headers"] == {"K": str(tmp_path / "k")}


def test_sites_come_from_many_files_and_mistakes_name_the_right_one(tmp_path: Path) -> None:
    written(tmp_path, "sites:\n  - {id: b, assets: []}\n  - {id: c, assets: []}\n", "sites/1.yaml")
    written(tmp_path, "sites:\n  - {id: d, assets: []}\n", "sites/2.yaml")
    main = written(tmp_path, SITE + "sites_from: ['sites/*.yaml']\n")
    assert [site.id for site in load(main).sites] == ["a", "b", "c", "d"]
    written(tmp_path, "# more\nsites:\n  - {id: d, assets: []}\n  - {id: b, asets: []}\n", "sites/2.yaml")
    assert problems(tmp_path, main.read_text()) == [
        "sites/2.yaml:4: sites[1].asets: unknown key 'asets'; did you mean 'assets'?",
        "sites/2.yaml:4: sites[1].assets: missing: The assets of the site.",
        "sites/2.yaml:4: sites[1].id: site id 'b' stands twice; site ids are unique",
    ]


@pytest.mark.parametrize("text", ["ops: {}\n", "sites: []\nops: {}\n", "- 1\n", ""])
def test_a_file_of_sites_holds_nothing_else(tmp_path: Path, text: str) -> None:
    written(tmp_path, text, "sites/1.yaml")
    (line,) = problems(tmp_path, SITE + "sites_from: ['sites/*.yaml']\n")
    assert line == "sites/1.yaml:1: a file of sites_from holds exactly one key, sites, with a list"


def test_a_missing_file_a_folder_and_a_large_file_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `oxygrid config example` prints one"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path)
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    with pytest.raises(ConfigError, match="larger than 32 MiB"):
        load(large)


def test_the_text_of_very_many_problems_is_bounded_and_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "sites:\n" + "  - {id: a, assets: []}\n" * (SHOWN + 51))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert len(caught.value.problems) == SHOWN + 50
    assert str(caught.value).endswith("\n… and 50 more")
    assert len(str(caught.value).splitlines()) == SHOWN + 1


RULE = """\
rules:
  - id: MY-1
    kind: psa_plant
    type: below
    signals: [product_tank_bar]
    limit: 4
    clear: 4.5
    on_delay_s: 60
    priority: low
    message: tank low
    response: Look.
    respond_min: 5
"""
WITH_FILES = SITE + "rules: {files: [r/1.yaml, r/2.yaml]}\n"


def notes_of(config: Config) -> list[str]:
    """But for those that nobody is told (test_reach)."""
    return [note for note in config.notes if "reach nobody" not in note]


def test_rule_files_are_read_and_their_notes_told_with_their_own_lines(tmp_path: Path) -> None:
    written(tmp_path, RULE.replace("    clear: 4.5\n", ""), "r/1.yaml")
    written(tmp_path, "", "r/2.yaml")
    config = load(written(tmp_path, WITH_FILES))
    assert [rule.id for rule in config.rules.files[0].rules] == ["MY-1"]
    assert config.rules.paths == (tmp_path / "r/1.yaml", tmp_path / "r/2.yaml")
    (note,) = notes_of(config)
    assert note.replace(f"{tmp_path}/", "").startswith("r/1.yaml:6: rules[0].limit: MY-1: without clear it clears where it is raised")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            RULE.replace("    limit: 4\n", "    limit: 60\n"),
            "",
            "r/1.yaml:6: rules[0].limit: MY-1: 60 is outside the sane range of product_tank_bar",
        ),
        (
            "",
            RULE.replace("product_tank", "product_tnk"),
            "r/2.yaml:5: rules[0].signals[0]: MY-1: unknown signal of psa_plant 'product_tnk_bar'",
        ),
        (
            RULE,
            "everywhere:\n  MY-1:\n    limit: 5 kg\n",
            "r/2.yaml:3: everywhere.MY-1.limit: 5 kg: 'kg' is a unit of mass, not of pressure",
        ),
        (RULE, "everywhere:\n  MY-1: {limt: 5}\n", "r/2.yaml:2: everywhere.MY-1.limt: unknown key 'limt'; did you mean 'limit'?"),
        ("", "rules:\n  - {id: MY-1, typ: below}\n", "r/2.yaml:2: rules[0].typ: unknown key 'typ'; did you mean 'type'?"),
        ("", "add: []\n", "r/2.yaml:1: add: unknown key 'add'; known keys: assets, everywhere, rules, sites"),
        ("", "sites:\n  b: {}\n", "r/2.yaml:2: sites.b: unknown site 'b'; known: a"),
        ("", "everywhere:\n  MY-9: {}\n", "r/2.yaml:2: everywhere.MY-9: unknown rule 'MY-9'; known:"),
        ("", "- 1\n", "r/2.yaml:1: a rule file is a mapping with the keys rules, everywhere, sites and assets"),
        ("", "rules: [\n", "r/2.yaml:2: this is not YAML"),
        ("", "rules: []\nrules: []\n", "r/2.yaml:2: rules: the key stands twice (first in line 1); keep one"),
        (
            RULE + RULE.removeprefix("rules:\n"),
            "",
            "r/1.yaml:13: rules[1].id: rule MY-1 of psa_plant stands twice, as item 1 and 2; keep one",
        ),
    ],
)
def test_a_mistake_in_a_rule_file_is_told_in_that_file(tmp_path: Path, first: str, second: str, said: str) -> None:
    written(tmp_path, first, "r/1.yaml")
    written(tmp_path, second, "r/2.yaml")
    told = problems(tmp_path, WITH_FILES)
    assert any(line.startswith(said) for line in told), told
    assert all(line.startswith("r/") for line in told)


def test_an_override_may_stand_before_the_rule_that_it_changes(tmp_path: Path) -> None:
    written(tmp_path, "everywhere:\n  MY-1: {limit: 3}\n", "r/1.yaml")
    written(tmp_path, RULE, "r/2.yaml")
    assert notes_of(load(written(tmp_path, WITH_FILES))) == []


def test_rules_are_judged_although_something_else_is_wrong(tmp_path: Path) -> None:
    text = SITE + "rules: {everywhere: {PU-L: {limit: 192}}}\nops: {port: x}\n"
    assert [line.split(": ")[1] for line in problems(tmp_path, text)] == ["rules.everywhere.PU-L.limit", "ops.port"]


def test_what_an_asset_declares_is_told_in_the_file_of_its_site(tmp_path: Path) -> None:
    tank = "sites:\n  - id: t\n    assets:\n      - {id: t, kind: lox_tank, capacity_kg: 1,\n         reorder_pct: 15}\n"
    written(tmp_path, tank, "sites/1.yaml")
    config = load(written(tmp_path, SITE + "sites_from: ['sites/*.yaml']\n"))
    (note,) = notes_of(config)
    assert note.replace(f"{tmp_path}/", "").startswith("sites/1.yaml:5: sites[0].assets[0].reorder_pct: LX-RO (below 15) can never be seen")


def test_more_rule_files_go_over_those_of_the_configuration(tmp_path: Path) -> None:
    trial = written(tmp_path, RULE.replace("limit: 4", "limit: 60"), "trial.yaml")
    file = written(tmp_path, SITE)
    with pytest.raises(ConfigError, match=r"trial\.yaml:6: rules\[0\]\.limit: MY-1: 60 is outside"):
        load(file, [trial])
    assert notes_of(load(file)) == []
