"""What it costs to say an alarm to a person: each form in each language, over all rules and roles.

    python -m bench.texts [--rounds N]

A notice is rendered when it is sent, so a storm of ten thousand messages pays this ten thousand times.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import get_args

from bench import machine
from bench.table import Bar, Figure, table
from collector.config.rulebook import default_rules
from collector.notify.render import Form, with_text
from collector.notify.texts.catalogue import LANGUAGES, ROLES, Language
from collector.outputs import Notice, Transition
from devices.assets import Site

NOW_MS = 1_764_000_000_000
BAR_US = 60.0
LINK = "https://oxygen.example.org/a/" + "x" * 120
SITE = Site.model_validate(
    {
        "id": "kasganj-dh",
        "name": {"en": "Joint District Hospital", "hi": "संयुक्त जिला चिकित्सालय"},
        "timezone": "Asia/Kolkata",
        "assets": [{"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 1000}, {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}],
    }
)
FORMS: tuple[Form, ...] = get_args(Form)


def notices(language: Language) -> list[Notice]:
    """Every rule and role, raised."""
    found = []
    for rule in default_rules():
        asset = {"psa_plant": "psa1", "pipeline": "line"}.get(rule.kind, "")
        transition = Transition(
            occurrence=f"kasganj-dh/{asset}/{rule.id}@{NOW_MS}", site="kasganj-dh", asset=asset, rule=rule.id, event="raised",
            state="unacknowledged", priority=rule.priority, event_ms=NOW_MS, evaluated_ms=NOW_MS, raised_ms=NOW_MS,
            text=f"Joint District Hospital, {asset}: {rule.message} (3.1 bar, limit 3.28) since 2025-11-24 21:30. {rule.response}",
            value=3.1, limit=3.28, unit="bar",
        )  # fmt: skip
        found += [
            Notice(
                id=f"{transition.id}/{role}",
                channel="c",
                due_ms=NOW_MS,
                transition=transition,
                role=role,
                language=language,
                hours_h=4.7,
                code="K7R",
                link=LINK,
                call=("Asha Verma, +91 98370 00001",),
                person="asha",
                to="+919837000001",
            )
            for role in ROLES
        ]
    return found


def measure(rounds: int = 5) -> list[Figure]:
    """Microseconds a notice, the words known: the first of each costs some more."""
    figures = []
    for form in FORMS:
        for language in LANGUAGES:
            given = notices(language)
            _say(given, form)
            figures.append(
                Figure(f"a notice as {form} in {language}", [_say(given, form) for _ in range(rounds)], "µs", Bar("at most", BAR_US))
            )
    return figures


def _say(given: Sequence[Notice], form: Form) -> float:
    started = time.process_time()
    for notice in given:
        with_text(notice, SITE, form)
    return (time.process_time() - started) / len(given) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.texts", description="What saying an alarm costs.")
    parser.add_argument("--rounds", type=int, default=5)
    print(machine.describe())
    print(table(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
