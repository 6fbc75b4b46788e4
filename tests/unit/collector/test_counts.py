"""A count that a person entered: what is refused, and that it becomes a reading as a gateway's, with who counted beside it."""

from __future__ import annotations

import msgspec
import pytest

from collector.counts import Count, message_of, word_of, wrong_count
from collector.decoding import Decoder
from collector.records import Batch
from devices.assets import Site
from devices.signal import Observation

NOW = 1_764_000_000_000
STORE = {"id": "store", "kind": "cylinder_store", "type": "in-d"}
LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4}
SITES = [Site.model_validate({"id": "a", "assets": [STORE, LINE]})]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count("a", "store", 5, 6, "Asha"), ""),
        (Count("a", "store", 0, None, "Asha"), ""),
        (Count("b", "store", 5, 6, "Asha"), "there is no site 'b'"),
        (Count("a", "line", 5, 6, "Asha"), "site a has no store of cylinders 'line'; it has store"),
        (Count("a", "../x", 5, 6, "Asha"), "site a has no store of cylinders '../x'; it has store"),
        (Count("a", "store", 5, 6, ""), "by: the name of the person, 1 to 64 characters on one line"),
        (Count("a", "store", 5, 6, "two\nlines"), "by: the name of the person, 1 to 64 characters on one line"),
    ],
)
def test_what_is_refused(count: Count, said: str) -> None:
    assert wrong_count(count, SITES) == said


@pytest.mark.parametrize("body", [{"full": -1}, {"full": 100_001}, {"full": 1.5}, {"full": 5, "empty": -1}, {}])
def test_what_is_no_count(body: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"site": "a", "asset": "store", **body}, Count)


@pytest.mark.parametrize(("empty", "values"), [(6, {"full_count": 5.0, "empty_count": 6.0}), (None, {"full_count": 5.0})])
def test_it_becomes_a_reading(empty: int | None, values: dict[str, float]) -> None:
    message = message_of(Count("a", "store", 5, empty, "Asha"), "ward/v2", NOW)
    decoded = Decoder(SITES, "ward/v2").decode(Batch(1, NOW + 3, [message]))
    assert decoded.rejects == []
    (observation,) = decoded.events
    assert isinstance(observation, Observation)
    assert (observation.asset, observation.event_ms, observation.values) == ("store", NOW, values)


def test_the_word_about_it() -> None:
    word = word_of(Count("a", "store", 5, 6, "Asha"))
    assert (word.what, word.about, word.by) == ("5 full, 6 empty", "a/store", "Asha")
    assert word_of(Count("a", "store", 5, None, "Asha")).what == "5 full"
