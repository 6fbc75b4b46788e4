"""A worse rule hides the milder one; acknowledgements; the collector's own alarms; hours left."""

from tests.stories.story import SITE, Story

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
BANK = {"cylinders": 10, "type": "in-d"}
MANIFOLD = {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK}, "interval_s": 60}


def test_a_deep_fall_is_one_alarm() -> None:
    story = Story([LINE])
    story.keep_saying("line", 0, 100, line_pressure_bar=4.0)
    story.keep_saying("line", 110, 400, line_pressure_bar=3.0)
    story.expect("line/LP-LL raised")


def test_when_the_worse_is_over_the_milder_is_told() -> None:
    story = Story([LINE])
    story.keep_saying("line", 0, 100, line_pressure_bar=3.0)
    story.keep_saying("line", 110, 300, line_pressure_bar=3.5)
    story.expect("line/LP-LL raised", "line/LP-LL cleared", "line/LP-L unsuppressed")


def test_an_acknowledgement_is_an_event_like_any_other() -> None:
    story = Story([LINE])
    story.keep_saying("line", 0, 20, line_pressure_bar=3.0)
    story.control(25, "command", {"command": "ack", "alarm": f"{SITE}/line/LP-LL", "by": "Asha"})
    story.expect("line/LP-LL raised", "line/LP-LL acknowledged")
    assert (story.last.state, story.last.by) == ("acknowledged", "Asha")
    story.control(26, "command", {"command": "ack", "alarm": f"{SITE}/line/LP-LL", "by": "Ravi"})
    story.control(27, "command", {"command": "ack", "alarm": "nowhere/line/LP-LL", "by": "Ravi"})
    story.expect()
    story.restart()
    story.keep_saying("line", 30, 100, line_pressure_bar=4.0)
    story.expect("line/LP-LL cleared")
    assert story.last.state == "normal"


def test_the_collector_tells_of_itself() -> None:
    story = Story([LINE])

    def health(at_s: float, connected: bool, failing: bool, dropped: float) -> None:
        story.control(at_s, "health", {"values": {"source_connected": connected, "store_failing": failing, "dropped_recently": dropped}})

    for at_s in range(0, 100, 10):
        health(at_s, at_s < 20, at_s >= 30, 0.0)
        story.say(at_s, "line", line_pressure_bar=4.0)
    story.change.transitions.sort(key=lambda t: t.event_ms)
    assert [(t.rule, t.event) for t in story.change.transitions] == [("CO-SRC", "raised"), ("CO-STO", "raised")]
    story.change.transitions.clear()
    health(100, True, False, 17.0)
    assert [(t.rule, t.event) for t in story.change.transitions] == [("CO-DRP", "raised")]


def test_hours_left_fall_through_the_floors_one_alarm_at_a_time() -> None:
    """Two banks of ten, drawn at 300 L/min with no plant: about seven hours to the end."""
    story = Story([LINE | {"interval_s": 60}, MANIFOLD], delivery_lead_hours=4)
    pressure, minute = 140.0, 0
    while pressure > 12:
        story.say(minute * 60, "man", bank_a_bar=round(pressure, 1), bank_b_bar=round(pressure, 1), bank_in_use="a", o2_flow_lpm=300.0)
        story.say(minute * 60, "line", line_pressure_bar=4.0, o2_flow_lpm=300.0)
        minute += 1
        pressure -= 300 / (2 * 467)
    raised = [t.rule for t in story.change.transitions if t.rule.startswith("AU") and t.event == "raised"]
    assert raised[-2:] == ["AU-06", "AU-02"]
    assert len(raised) == len(set(raised))


def test_hours_left_alarm_survives_silence_and_restart() -> None:
    story = Story([LINE | {"interval_s": 60}, MANIFOLD])
    for minute in range(90):
        story.say(minute * 60, "man", bank_a_bar=40.0 - minute / 10, bank_b_bar=90.0, bank_in_use="a", o2_flow_lpm=200.0)
        story.say(minute * 60, "line", line_pressure_bar=4.0, o2_flow_lpm=200.0)
    raised = [t.rule for t in story.change.transitions if t.rule.startswith("AU") and t.event == "raised"]
    assert "AU-06" in raised
    story.change.transitions.clear()
    story.restart()
    story.control(91 * 60, "start", {})
    story.wait(12 * 3600)
    after = [f"{t.rule} {t.event}" for t in story.change.transitions if t.rule.startswith("AU")]
    assert after == ["AU-02 raised", "AU-06 suppressed"]


PSA = {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}


def test_a_plant_that_goes_into_standby_has_not_mended_its_purity() -> None:
    story = Story([PSA])
    story.keep_saying("psa", 0, 70, state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=88.0)
    story.expect("psa/PU-LL raised")
    story.keep_saying("psa", 80, 900, state="standby", o2_flow_lpm=0.0, o2_purity_pct=88.0)
    story.keep_saying("psa", 910, 1200, state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=88.0)
    story.expect()
    story.keep_saying("psa", 1210, 1400, state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=94.0)
    story.expect("psa/PU-LL cleared")


def test_a_plant_that_is_switched_off_is_out_of_specification_no_more() -> None:
    story = Story([PSA | {"duty": False}])
    story.keep_saying("psa", 0, 70, state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=88.0)
    story.keep_saying("psa", 80, 300, state="off", o2_flow_lpm=0.0)
    story.expect("psa/PU-LL raised", "psa/PU-LL cleared")


def test_a_milder_and_a_worse_rule_whose_delays_end_with_one_reading_are_one_alarm() -> None:
    story = Story([PSA])
    story.keep_saying("psa", 0, 60, co_ppm=11.0)
    story.expect("psa/CO-HH raised")


def test_and_so_they_are_when_both_delays_end_at_one_instant_of_the_clock() -> None:
    """LP-L waits a minute, LP-LL a reading and a half."""
    story = Story([LINE])
    story.say(0, "line", line_pressure_bar=3.5)
    story.say(45, "line", line_pressure_bar=3.0)
    story.wait(60)
    story.expect("line/LP-LL raised")


def test_and_when_both_are_over_with_one_reading_nobody_hears_of_the_milder() -> None:
    story = Story([PSA])
    story.keep_saying("psa", 0, 60, co_ppm=11.0)
    story.keep_saying("psa", 70, 370, co_ppm=0.0)
    story.wait(1000)
    story.expect("psa/CO-HH raised", "psa/CO-HH cleared", only="CO-HH")
    assert [t for t in story.log if t.rule == "CO-H" and t.annunciate] == []


def purity(story: Story, start_s: float, end_s: float, value: float) -> None:
    story.keep_saying("psa", start_s, end_s, state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=value)


def test_a_shelved_worse_alarm_hides_nothing_until_its_shelf_ends() -> None:
    story = Story([PSA])
    purity(story, 0, 300, 89.0)
    story.expect("psa/PU-LL raised")
    assert story.command(305, "shelve", "psa/PU-LL", why="analyser is being calibrated", minutes=15) == ""
    purity(story, 310, 700, 89.0)
    story.expect("psa/PU-LL shelved", "psa/PU-L unsuppressed")
    story.say(705, "psa", o2_purity_pct=87.0)
    story.expect("psa/PU-LL unshelved")
    assert (story.state("psa/PU-LL"), story.state("psa/PU-L")) == ("unacknowledged", "suppressed")


def test_a_purity_that_means_nothing_ends_no_shelf() -> None:
    story = Story([PSA])
    purity(story, 0, 20, 89.0)
    assert story.command(25, "shelve", "psa/PU-LL", why="analyser is being calibrated", minutes=15) == ""
    story.keep_saying("psa", 30, 60, state="standby", o2_purity_pct=60.0)
    story.expect("psa/PU-LL shelved")
    story.say(70, "psa", state="running_on_spec", o2_flow_lpm=300.0, o2_purity_pct=87.0)
    story.expect("psa/PU-LL unshelved")


CONCENTRATOR = {"id": "oc", "kind": "concentrator"}


def test_a_spare_unit_that_is_shelved_for_a_day_is_heard_of_when_it_is_in_use() -> None:
    story = Story([CONCENTRATOR])
    story.keep_saying("oc", 0, 60, o2_purity_pct=80.0, in_use=False)
    assert story.command(65, "shelve", "oc/CN-LL", why="spare unit", minutes=1440) == ""
    story.expect("oc/CN-LL raised", "oc/CN-LL shelved")
    story.say(70, "oc", o2_purity_pct=80.0, in_use=True)
    story.expect("oc/CN-LL escalated", "oc/CN-LL unshelved")
    assert (story.last.priority, story.last.annunciate) == ("high", True)


def test_what_has_become_high_is_announced_again_after_half_an_hour() -> None:
    story = Story([CONCENTRATOR])
    story.keep_saying("oc", 0, 60, o2_purity_pct=80.0, in_use=False)
    assert story.command(65, "ack", "oc/CN-LL") == ""
    story.say(70, "oc", in_use=True)
    assert story.command(75, "ack", "oc/CN-LL") == ""
    story.wait(75 + 1799)
    story.expect("oc/CN-LL raised", "oc/CN-LL acknowledged", "oc/CN-LL escalated", "oc/CN-LL acknowledged", only="CN-LL")
    story.wait(75 + 1800)
    story.expect("oc/CN-LL realarmed", only="CN-LL")
