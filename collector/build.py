"""From the configuration to the parts it names: the source, the store. The one place that knows both; big libraries are imported when
needed."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from collector.config import Config, read_secret
from collector.config.sources import JetStream, Mqtt
from collector.config.stores import InfluxDb
from collector.errors import UserError
from collector.notify.house import House
from collector.outgoing import tls_context
from collector.ports import Source, Store

if TYPE_CHECKING:
    from collector.embedded import Door
    from collector.store.influx_api import Settings


def source_of(config: Config, now_ms: Callable[[], int], embedded: JetStream | None) -> Source:
    """The source that the configuration names, or the embedded server's stream. Raises UserError where there is none."""
    if embedded is not None:
        return _jetstream(config, embedded, now_ms)
    if config.mqtt is not None:
        return _mqtt(config, config.mqtt, now_ms)
    if config.jetstream is not None:
        return _jetstream(config, config.jetstream, now_ms)
    raise UserError("no source of readings is configured; add a section mqtt or jetstream, or start with --embedded")


def house_of(config: Config) -> House:
    """Sites, people, rosters and chains, as notices to people need them."""
    return House(config.sites, config.people, config.teams, config.rosters, config.chains, config.duty)


def door_of(config: Config) -> Door | None:
    """Who comes in to the embedded server; None where it is open to this machine alone."""
    given = config.embedded
    if not given.accounts:
        return None
    from collector.access.book import AccountBook
    from collector.embedded import Door

    book = AccountBook(Path(config.access.folder), config.topic_prefix)
    return Door(book.accounts, config.topic_prefix, given.host, given.cert_file, given.key_file)


def store_of(config: Config) -> Store:
    """InfluxDB where it is configured, else the embedded history."""
    if config.influxdb is not None:
        from collector.store.influx import InfluxStore

        return InfluxStore(partial(influx_settings, config.influxdb), config.sites)
    from collector.store.history import SqliteHistory

    return SqliteHistory(config.history_path, config.history.raw_days, config.history.rollup_days)


def influx_settings(influx: InfluxDb) -> Settings:
    """The session that the section describes, with its secrets read. Raises UserError."""
    from collector.store.influx_api import Settings

    return Settings(
        url=influx.url,
        api=influx.api,
        database=influx.database,
        org=influx.org,
        bucket=influx.bucket,
        username=influx.username or "",
        password=read_secret(influx.password_file) if influx.password_file else "",
        token=read_secret(influx.token_file) if influx.token_file else "",
        timeout_s=influx.timeout_s,
        set_up_retention=influx.set_up_retention,
        raw_days=influx.raw_days,
        rollup_days=influx.rollup_days,
        tls=tls_context(influx.ca_file) if influx.ca_file else None,
    )


def _mqtt(config: Config, mqtt: Mqtt, now_ms: Callable[[], int]) -> Source:
    from collector.sources.mqtt.client import MqttSource
    from collector.sources.mqtt.options import MqttOptions, SessionOptions

    session = SessionOptions(
        client_id=mqtt.client_id,
        prefix=config.topic_prefix,
        username=mqtt.username,
        password=read_secret(mqtt.password_file).encode() if mqtt.password_file else None,
        keep_alive_s=mqtt.keepalive_s,
        session_expiry_s=int(mqtt.session_expiry_days * 86_400),
        probe_interval_s=mqtt.probe_interval_s or 1e9,
        probe_timeout_s=min(10.0, mqtt.probe_interval_s * 0.8 or 10.0),
    )
    options = MqttOptions(url=mqtt.url, session=session, ca_file=mqtt.ca_file, cert_file=mqtt.cert_file, key_file=mqtt.key_file)
    return MqttSource(options, now_ms, random.random)


def _jetstream(config: Config, stream: JetStream, now_ms: Callable[[], int]) -> Source:
    from collector.sources.jetstream import JetStreamOptions, JetStreamSource

    options = JetStreamOptions(
        url=stream.url,
        stream=stream.stream,
        durable=stream.durable,
        prefix=config.topic_prefix,
        username=stream.username,
        password=read_secret(stream.password_file) if stream.password_file else None,
        ca_file=stream.ca_file,
        max_bytes=config.embedded.max_bytes,
    )
    return JetStreamSource(options, now_ms, random.random)
