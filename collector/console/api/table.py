"""The API at a glance: every operation with what goes in and what comes out; and its OpenAPI 3.1 description, made from that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from collector.console.api import shapes
from collector.console.scope import Right
from collector.version import VERSION
from collector.views import SiteView

PREFIX = "/api/v1"
STATUSES: Mapping[int, str] = {
    400: "The parameters or the body are not what the schema says.",
    401: "There is no token, or it is not valid any more.",
    403: "The token may not do that.",
    404: "There is no such thing, or not for this token.",
    409: "The collector refused; the detail says why.",
    413: "The body is too long.",
    415: "The body is not application/json.",
    429: "Too many requests in a minute; see Retry-After.",
    503: "The collector or its files can't be reached just now.",
}


class Operation(NamedTuple):
    """`query` and `body` are what goes in; `right` is needed at the site that it is about. An operation that asks for a list needs `see`
    and is given what the token's scopes hold."""

    method: Literal["get", "post"]
    path: str
    name: str
    summary: str
    answer: type
    query: type = shapes.Nothing
    body: type | None = None
    right: Right = "see"

    @property
    def refusals(self) -> list[int]:
        found = [400, 401, 429, 503]
        if self.body is not None:
            found += [403, 409, 413, 415]
        return sorted({*found, *((404,) if "{" in self.path or self.body is not None else ())})


OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/sites", "sites", "Hospitals by hours to spare", shapes.SitesPage, shapes.SitesQuery),
    Operation("get", "/sites/{site}", "site", "A hospital with the latest values, as the running collector has them", SiteView),
    Operation("get", "/alarms", "alarms", "Alarms that are not normal", shapes.AlarmsPage, shapes.AlarmsQuery),
    Operation("get", "/alarms/{alarm}", "alarm", "An alarm with its history", shapes.AlarmHistory),
    Operation("post", "/commands", "command", "Tell an alarm something", shapes.Done, body=shapes.Order, right="answer"),
    Operation("post", "/comments", "comment", "Write a comment on an alarm", shapes.Done, body=shapes.Remark, right="answer"),
    Operation("get", "/reports/facility-day", "facility_day", "The facility-day report", shapes.DaysPage, shapes.DayQuery),
)

_WHERE = {
    "site": "Id of the hospital.",
    "alarm": "site/asset/rule, or site/rule; its slashes may be sent as they are, or as %2F.",
}


def description(url: str) -> dict[str, Any]:
    """The document of /api/v1/openapi.json. `url` is where the console is."""
    types = {each for op in OPERATIONS for each in (op.answer, op.query, op.body, shapes.Problem) if each is not None}
    types -= {shapes.Nothing}
    ordered = sorted(types, key=lambda each: each.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    by_type = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for op in OPERATIONS:
        query = components[op.query.__name__] if op.query is not shapes.Nothing else {}
        paths.setdefault(op.path, {})[op.method] = _operation(op, query, by_type)
    queries = {op.query.__name__ for op in OPERATIONS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Oxygrid", "version": VERSION, "description": " ".join((shapes.__doc__ or "").split("\n\n")[1].split())},
        "servers": [{"url": f"{url.rstrip('/')}{PREFIX}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: schema for name, schema in sorted(components.items()) if name not in queries},
        },
    }


def _operation(op: Operation, query: Mapping[str, Any], by_type: Mapping[type, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": op.name,
        "summary": op.summary,
        "parameters": [*_in_path(op.path), *_in_query(query)],
        "responses": {"200": _response("It is so.", "application/json", by_type[op.answer])}
        | {str(status): _response(STATUSES[status], "application/problem+json", by_type[shapes.Problem]) for status in op.refusals},
    }
    if op.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": by_type[op.body]}}}
    return found


def _in_path(path: str) -> Sequence[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "description": _WHERE[name], "schema": schema} for name in names]


def _in_query(struct: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in struct.get("properties", {}).items()]


def _response(text: str, kind: str, schema: Any) -> dict[str, Any]:
    return {"description": text, "content": {kind: {"schema": schema}}}
