"""The loop that most people would write: paho-mqtt, json, and influxdb-client's batching WriteApi. Only to compare with.

    python -m bench.plain_loop MQTT_PORT DATABASE_URL

It acknowledges before anything is written anywhere, judges nothing, and forgets what is not written when it ends.
"""

from __future__ import annotations

import json
import signal
import sys
from types import FrameType
from typing import Any

import paho.mqtt.client as mqtt
from influxdb_client import InfluxDBClient, Point, WriteOptions, WritePrecision
from paho.mqtt.enums import CallbackAPIVersion

PREFIX = "oxygrid/v1/"
KINDS = {"line": "pipeline", "psa-": "psa_plant"}


def main() -> None:
    port, url = int(sys.argv[1]), sys.argv[2]
    database = InfluxDBClient(url=url, token="", org="oxygrid")
    writer = database.write_api(write_options=WriteOptions(batch_size=5000, flush_interval=1000))

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe(PREFIX + "#", qos=1)

    def on_subscribe(*_: Any) -> None:
        print("ready", flush=True)

    def on_message(_client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        reading = json.loads(message.payload)
        site, asset = message.topic.removeprefix(PREFIX).split("/")
        point = Point(KINDS[asset[:4]]).tag("site", site).tag("asset", asset).tag("district", "kasganj").tag("region", "up")
        for name, value in reading["values"].items():
            point.field(name, value)
        writer.write("oxygrid", record=point.time(reading["ts"], WritePrecision.MS))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="plain-loop")
    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main()
