"""The API is what it says it is: requests made from its description, right and wrong ones, against the application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from collector.console.api.table import OPERATIONS, description
from tests.unit.collector.console.cases import World, raised, stock, written

SCHEMA = schemathesis.openapi.from_dict(description("http://127.0.0.1:8443"))
CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance, negative_data_rejection, positive_data_acceptance]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    folder = tmp_path_factory.mktemp("api")
    written(folder, *(raised(site) for site in "abc"), estimates=tuple(stock(site, n * 10.0) for n, site in enumerate("abc")))
    world = World(folder)
    yield world, world.token("judge", "all")
    world.accounts.close()


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)
def test_answers_are_what_the_description_says(case: schemathesis.Case[Any], held: tuple[World, str]) -> None:
    world, token = held
    world.clock.ms += 60_000  # or else the pace of a token would be all that is seen
    answer = case.call(app=world.app, headers={"Authorization": f"Bearer {token}"})
    case.validate_response(answer, checks=CHECKS)
    assert answer.status_code < 500 or answer.status_code == 503, "no collector runs, and no history is there"


def test_the_description_is_whole() -> None:
    found = description("https://oxygen.example.org/")
    assert found["servers"] == [{"url": "https://oxygen.example.org/api/v1"}]
    assert {(path, method) for path, methods in found["paths"].items() for method in methods} == {(op.path, op.method) for op in OPERATIONS}
    assert len({op.name for op in OPERATIONS}) == len(OPERATIONS)
    for schema in found["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert schema["description"]
