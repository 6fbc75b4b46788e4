"""What is read out of a reject, and what it is known by."""

from __future__ import annotations

import pytest

from collector.records import Reject
from collector.store.state_rows import Key, UnknownAsset, keyed, merged, unknown_asset


def reject(reason: str = "unknown_asset", topic: str = "oxygrid/v1/s1/psa9", sample: bytes = b"{}", **more: object) -> Reject:
    return Reject(more.get("index", 0), topic, reason, "detail", more.get("signal"), sample)  # type: ignore[arg-type]


def test_equal_rejects_of_one_message_are_told_apart() -> None:
    rejects = [reject(signal="a"), reject(signal="a"), reject(), reject(index=1, signal="a")]
    assert [key for key, _ in keyed(5, rejects)] == [Key(5, 0, "a", 0), Key(5, 0, "a", 1), Key(5, 0, "", 0), Key(5, 1, "a", 0)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(reject("malformed"), None, id="another reason"),
        pytest.param(reject(topic="nonsense"), None, id="no asset in the topic"),
        pytest.param(reject(topic="p/s1/psa9/status"), ("s1", "psa9", []), id="a status"),
        pytest.param(reject("unknown_site", sample=b'{"values":{"b":1,"a":2}}'), ("s1", "psa9", ["a", "b"]), id="its signals"),
        pytest.param(reject(sample=b'[{"values":{"b":1}}]'), ("s1", "psa9", ["b"]), id="the first of an array"),
        pytest.param(reject(sample=b'{"values":{"b":1'), ("s1", "psa9", []), id="a sample cut short"),
        pytest.param(reject(sample='{"values":{"é'.encode()[:-1]), ("s1", "psa9", []), id="cut within a character"),
        pytest.param(reject(sample=b'{"values":{"\xd5\xff":1}}'), ("s1", "psa9", []), id="not UTF-8"),
        pytest.param(reject(sample=b"[" * 20_000), ("s1", "psa9", []), id="nested too deep"),
        pytest.param(reject(sample=b"[]"), ("s1", "psa9", []), id="an empty array"),
        pytest.param(reject(sample=b'{"values":3}'), ("s1", "psa9", []), id="values of another shape"),
    ],
)
def test_unknown_asset(given: Reject, expected: tuple[str, str, list[str]] | None) -> None:
    found = unknown_asset(given, 7)
    assert (found and (found.site, found.asset, found.signals)) == expected


def test_sightings_are_merged() -> None:
    old = UnknownAsset("s1", "psa9", "t", 5, 9, 2, b"old", ["a"])
    new = UnknownAsset("s1", "psa9", "t2", 3, 7, 1, b"", ["b"])
    assert merged(old, new) == UnknownAsset("s1", "psa9", "t2", 3, 9, 3, b"old", ["a", "b"])
    assert merged(old, new).hint == "under assets of site s1: - {id: psa9, kind: …}  # sends a, b"
