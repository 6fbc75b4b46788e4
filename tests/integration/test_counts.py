"""A count that a person enters goes the way of a reading of a real collector: journal, values, audit trail, and again after a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.commands import audit
from collector.commands.control import enter_count
from collector.config import Config
from collector.config.loader import load
from collector.console.ask import site_now
from collector.console.trail import trail_page
from collector.counts import Count
from collector.errors import OxygridError
from collector.journal import SqliteJournal
from tests.faults.rig import Oxygrid, mqtt, oxygrid, wait_until
from tests.servers import mosquitto

pytestmark = pytest.mark.server

STORE = {"id": "store", "kind": "cylinder_store", "type": "in-d", "full": 51}
SITES = [{"id": "a", "delivery_lead_hours": 6, "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}, STORE]}]


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[Oxygrid]:
    with mosquitto(tmp_path / "mosquitto") as broker, oxygrid(tmp_path, {"sites": SITES, "mqtt": mqtt(broker)}) as found:
        found.start_and_wait()
        yield found


def counted(config: Config) -> dict[str, object]:
    view = site_now(config.data_dir, "a")
    values = {} if view is None else next(asset.values for asset in view.assets if asset.id == "store")
    return {name: value.value for name, value in values.items()}


def test_a_count_is_a_reading_with_a_name_beside_it(subject: Oxygrid, capsys: pytest.CaptureFixture[str]) -> None:
    config = load(subject.config)
    assert enter_count(config, Count("a", "store", 40, 9, "Asha")) == "done"
    wait_until(lambda: counted(config) == {"full_count": 40.0, "empty_count": 9.0}, 10, "it is the latest value")
    for wrong, said in (
        (Count("b", "store", 1, 1, "Asha"), "no site 'b'"),
        (Count("a", "line", 1, 1, "Asha"), "no store of cylinders 'line'"),
        (Count("a", "store", 1, 1, ""), "the name of the person"),
        (Count("a", "store", -1, 1, "Asha"), "no count"),
    ):
        with pytest.raises(OxygridError, match=said):
            enter_count(config, wrong)
    entries = [(e.kind, e.about, e.by, e.what) for e in trail_page(config.state_path, {"a"}, None).entries]
    assert entries == [("count", "a/store", "Asha", "40 full, 9 empty")]
    audit.list_rows(subject.config, alarm="a/store")
    audit.verify(subject.config)
    listed, verified = capsys.readouterr().out.splitlines()
    assert listed.endswith("Asha  count a/store: 40 full, 9 empty")
    assert verified.startswith("ok: ")
    subject.stop()
    with closing(SqliteJournal(config.journal_path)) as journal:
        batch = next(b for b in journal.read(0, 1000) if b.messages[0].topic == "$oxygrid/count")
    assert [m.topic for m in batch.messages] == ["$oxygrid/count", "oxygrid/v1/a/store"]
    assert json.loads(batch.messages[1].payload)["values"] == {"full_count": 40.0, "empty_count": 9.0}
    subject.start_and_wait()
    wait_until(lambda: counted(config) == {"full_count": 40.0, "empty_count": 9.0}, 10, "and it still is after a restart")
