from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.checks import Known, cross_check

KNOWN = Known(cylinder_types=("in-b", "in-d"), rule_ids=("LP-L", "LP-LL"))

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sites", "assets", "id", "kind", "banks", "type", "a", "rules", "everywhere", "notify", "channels"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(ANYTHING)
def test_data_that_is_wrong_elsewhere_does_no_harm(data: object) -> None:
    assert all(isinstance(problem.text, str) and problem.path for problem in cross_check(data, KNOWN))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sites": [{"id": "a", "assets": [{"id": "x"}]}, {"id": "b", "assets": [{"id": "x"}]}]},
        {"sites": [{"id": "a", "assets": [{"id": "x"}, {"id": "g", "kind": "gateway", "assets": ["x"]}]}]},
        {"sites": [{"id": "a"}], "rules": {"everywhere": {"LP-L": {}}, "sites": {"a": {"LP-LL": {}}}}},
        {"sites": [{"id": "a"}], "notify": {"channels": [{"id": "x", "sites": ["a"]}, {"id": "y"}]}},
        {"sites": [{"id": "a", "assets": [{"id": "m", "banks": {"a": {"type": "in-d"}}}]}]},
    ],
)
def test_what_fits_is_quiet(data: object) -> None:
    assert cross_check(data, KNOWN) == []


def test_names_are_not_checked_where_nobody_says_which_there_are() -> None:
    data = {"sites": [{"assets": [{"kind": "cylinder_store", "type": "x"}]}], "rules": {"everywhere": {"XX-XX": {}}}}
    assert cross_check(data, Known()) == []
    assert len(cross_check(data, KNOWN)) == 2
