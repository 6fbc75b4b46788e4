"""Where `status`, `alarms` and `quarantine` get what they show: the running collector over HTTP, or its state on disk."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from collector.errors import OxygridError, UserError
from collector.store.state_reader import StateReader
from collector.version import VERSION
from collector.views import (
    AssetView,
    CursorView,
    QuarantinedView,
    QuarantineView,
    RefusedLineView,
    SiteView,
    StatusView,
    UnknownAssetView,
    alarm_view,
)
from devices.assets import display_name

if TYPE_CHECKING:
    from collector.config import Config
    from collector.config.ops import Ops

ASK_S = 5.0
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def ask(ops: Ops) -> StatusView | None:
    """The answer of the running collector; None where nothing listens. Raises OxygridError where something else answers."""
    host = "127.0.0.1" if ops.host in EVERYWHERE else ops.host
    connection = http.client.HTTPConnection(host, ops.port, timeout=ASK_S)
    try:
        connection.request("GET", "/status")
        answer = connection.getresponse()
        body = answer.read()
    except (ConnectionError, TimeoutError, OSError):
        return None
    except http.client.HTTPException as exc:
        raise _not_us(host, ops.port) from exc
    finally:
        connection.close()
    try:
        return msgspec.json.decode(body, type=StatusView)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise _not_us(host, ops.port) from exc


def _not_us(host: str, port: int) -> OxygridError:
    return OxygridError(f"what answers at {host}:{port} is not this version of oxygrid; another program may have that port (ops.port)")


def open_state(config: Config) -> StateReader:
    """Raises UserError where no collector has run on the data folder."""
    if not config.state_path.is_file():
        raise UserError(
            f"no collector answers at {config.ops.host}:{config.ops.port}, and {config.state_path} is not there; "
            "start one with `oxygrid run`, or name its data folder with --data-dir"
        )
    return StateReader.open_reader(config.state_path)


def status_on_disk(config: Config, now_ms: int) -> StatusView:
    """What the last collector left: alarms, stock, counts and cursors, without latest values."""
    with closing(open_state(config)) as state:
        stock, alarms, counters = state.stock(), [alarm_view(t) for t in state.alarms()], state.counters()
    dropped = {name.removesuffix("_dropped"): sum(counts.values()) for name, counts in counters.items() if name.endswith("_dropped")}
    cursors, in_journal = _journal(config)
    return StatusView(
        version=VERSION,
        at_ms=now_ms,
        live=False,
        sites=[
            SiteView(
                id=site.id,
                name=display_name(site),
                assets=[AssetView(id=asset.id, kind=asset.kind, name=display_name(asset)) for asset in site.assets],
                stock=stock.get(site.id),
            )
            for site in config.sites
        ],
        alarms=[alarm for alarm in alarms if alarm.is_open],
        quiet=[alarm for alarm in alarms if not alarm.is_open],
        cursors=cursors,
        dropped=dropped | in_journal,
        quarantined=counters.get("quarantined", {}),
    )


def _journal(config: Config) -> tuple[list[CursorView], dict[str, int]]:
    from collector.journal import SqliteJournal

    if not config.journal_path.is_file():
        return [], {}
    with closing(SqliteJournal.open_reader(config.journal_path)) as reader:
        stats = reader.stats()
    cursors = [CursorView(name, seq, max(0, stats.last_seq - seq)) for name, seq in sorted(stats.cursors.items())]
    return cursors, {"journal_messages": stats.dropped_messages}


def quarantine_on_disk(config: Config, limit: int) -> QuarantineView:
    """What could not be taken, the newest `limit` of each list."""
    with closing(open_state(config)) as state:
        counters, values = state.counters(), state.quarantined(limit)
        unknown, refused = state.unknown_assets()[:limit], state.rejected_lines(limit)
    return QuarantineView(
        counts=counters.get("quarantined", {}),
        values=[
            QuarantinedView(
                received_ms=each.at_ms,
                topic=each.topic,
                signal=each.signal,
                reason=each.reason,
                detail=each.detail,
                sample=each.sample.decode("utf-8", "backslashreplace"),
            )
            for each in values
        ],
        unknown_assets=[
            UnknownAssetView(
                site=each.site,
                asset=each.asset,
                topic=each.topic,
                first_ms=each.first_ms,
                last_ms=each.last_ms,
                count=each.count,
                signals=list(each.signals),
                hint=each.hint,
            )
            for each in unknown
        ],
        refused_lines=[RefusedLineView(each.line, each.reason) for each in refused],
    )
