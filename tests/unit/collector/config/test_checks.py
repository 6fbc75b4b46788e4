from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.checks import Known, cross_check
from collector.config.problems import Problem

KNOWN = Known(cylinder_types=("in-b", "in-d"), rule_ids=("LP-L", "LP-LL"))

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sites", "assets", "id", "kind", "banks", "type", "a", "rules", "everywhere", "files", "notify", "channels"]),
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


def test_rule_files_are_checked_as_the_configuration_is() -> None:
    file = {"everywhere": {"LP-LX": {}}, "sites": {"b": {"LP-L": {}}}, "assets": {"a/y": {}}}
    data = {"sites": [{"id": "a", "assets": [{"id": "x"}]}], "rules": {"files": [{"rules": []}, file]}}
    at = ("rules", "files", 1)
    assert cross_check(data, KNOWN) == [
        Problem((*at, "everywhere", "LP-LX"), "unknown rule 'LP-LX'; did you mean 'LP-L'?"),
        Problem((*at, "sites", "b"), "unknown site 'b'; known: a"),
        Problem((*at, "assets", "a/y"), "unknown asset 'a/y'; did you mean 'a/x'?"),
    ]


@pytest.mark.parametrize("key", ["id", "kind"])
def test_the_name_of_a_rule_is_not_changed_by_an_override(key: str) -> None:
    data = {"rules": {"everywhere": {"LP-L": {key: "x"}}}}
    text = f"the {key} of a rule can't be changed; write a rule of your own, under rules.add"
    assert cross_check(data, KNOWN) == [Problem(("rules", "everywhere", "LP-L", key), text)]
