"""Every rule on an asset of its kind, as a notice to a person."""

from __future__ import annotations

from typing import Any

from collector.alarms.text import TEXTS
from collector.config.rulebook import default_rules
from collector.outputs import Notice
from collector.rules.model import Rule
from devices.assets import Site
from tests.unit.collector.notify.cases import AT_MS, transition

SITE = Site.model_validate(
    {
        "id": "kasganj-dh",
        "name": {"en": "Joint District Hospital", "hi": "संयुक्त जिला चिकित्सालय", "fr": "Hôpital de Kâsganj", "ar": "مستشفى كاسغنج"},
        "timezone": "Asia/Kolkata",
        "assets": [
            {"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 1000, "name": "Oxygen plant"},
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1, "name": {"en": "Main line", "hi": "मुख्य लाइन", "ar": "الخط الرئيسي"}},
            {"id": "manifold", "kind": "manifold", "banks": {"a": {"cylinders": 24, "type": "in-d"}}},
            {"id": "tank", "kind": "lox_tank", "capacity_kg": 6000},
            {"id": "oc1", "kind": "concentrator"},
            {"id": "gw1", "kind": "gateway"},
        ],
    }
)
BARE = Site.model_validate({"id": "a-hospital-with-a-very-long-id-that-nobody-can-remember", "assets": []})
"""No names, no assets, a long id."""
KINDS: dict[str, str] = {asset.kind: asset.id for asset in SITE.assets}
RULES = default_rules()
EVENTS = ("raised", "cleared", "realarmed", "escalated", "latched", "discovered_late", "unshelved")


def text_as_written(rule: Rule, event: str, asset: str) -> str:
    """As the alarm writes it (collector.alarms.text)."""
    numbers, at = " (3.1 bar, limit 3.28)", "2025-11-24 21:30"
    what = f"{rule.message}{numbers}"
    facts = {
        "message": rule.message, "what": what, "numbers": numbers, "response": rule.response, "at": at, "since": at, "until": at,
        "by": " by Ravi", "why": ": because", "hidden_by": "x", "again": f"{what} since {at}. {rule.response}",
    }  # fmt: skip
    where = f"Joint District Hospital, {asset}" if asset else "Joint District Hospital"
    return f"{where}: {TEXTS[event].format_map(facts)}"  # type: ignore[index]


def kind_of(notice: Notice) -> str:
    return next((kind for kind, asset in KINDS.items() if asset == notice.transition.asset), "site")


def personal(rule: Rule, language: str, role: str, event: str = "raised", unit: str = "lpm", value: float = 1234.56, **more: Any) -> Notice:
    """What happened to an asset of the rule's kind; a value where the rule has one."""
    asset = KINDS.get(rule.kind, "line" if rule.kind == "any" else "")
    numeric = rule.type in {"below", "above", "outside", "compare", "hours_left", "forecast", "changeover", "standby"}
    at = transition(
        event,
        rule.id,
        rule.priority,
        asset=asset,
        occurrence=f"kasganj-dh/{asset}/{rule.id}@{AT_MS}",
        text=text_as_written(rule, event, asset),
        value=value if numeric else None,
        limit=1300.0 if numeric else None,
        unit=unit if numeric else "",
    )
    given: dict[str, Any] = {"hours_h": 4.7, "code": "K7QX", "call": ("Asha Verma, +91 98765 43210",), "person": "asha", "to": "+911"}
    return Notice(id=f"{at.id}/sms/asha", channel="sms", due_ms=AT_MS, transition=at, role=role, language=language, **{**given, **more})  # type: ignore[arg-type]
