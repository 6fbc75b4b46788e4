"""The rationalisation of a rule as one row: the fields that ISA-18.2 clause 9 asks for, in their order. Pure."""

from __future__ import annotations

from collector.rules.limit import Limit, unit_of
from collector.rules.model import Rule
from collector.rules.words import clears_when, escalation, gate, raised_when, shelving, under


def rationalisation(rule: Rule) -> dict[str, str]:
    """Column → text, for a table or a CSV file. Times are in the unit of their column's name; what is not known is empty."""
    suppression = [f"only while {gate(one)}" for one in rule.gates]
    suppression += [f"not while {under(rule)}"] if rule.under else []
    suppression += [f"suppressed while {gate(one, unknown_is_open=False)}" for one in rule.suppressed_while]
    return {
        "alarm_id": rule.id,
        "tag": " ".join((rule.kind, *rule.signals)),
        "type": rule.type,
        "set_point": f"{rule.within_h:g}" if rule.type == "forecast" else _numbers(rule.limit, rule.upper) or raised_when(rule),
        "unit": "h" if rule.type in {"hours_left", "forecast"} else unit_of(rule.signals) if rule.limit is not None else "",
        "priority": rule.priority,
        "class": rule.category,
        "cause": rule.cause,
        "consequence_if_ignored": rule.consequence,
        "operator_action": rule.response,
        "time_to_respond_min": "" if rule.respond_min is None else f"{rule.respond_min:g}",
        "confirm_by": rule.confirm,
        "on_delay_s": f"{rule.on_delay_s:g}",
        "off_delay_s": f"{rule.off_delay_s:g}",
        "deadband": f"clears when {clears_when(rule)}",
        "latching": "until reset" if rule.latched else "no",
        "suppression_logic": "; ".join([*suppression, f"shelving: {shelving(rule)}"]),
        "escalation": "; ".join(map(escalation, rule.escalates)),
        "owner": rule.owner,
        "basis": rule.source,
        "revision": str(rule.revision),
        "date": rule.date,
    }


def _numbers(*limits: Limit | None) -> str:
    return " / ".join(str(limit) for limit in limits if limit is not None)
