"""Which alarms a fault must bring, and which it may: the two tables that alarms are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bench.truth_claims import CLAIMS
from collector.asset import silent_after_ms
from collector.rates import TREND_BUCKET_MS
from collector.rules.model import Rule
from collector.stock.numbers import NUMBERS
from devices.assets import Asset, Site
from devices.simulator.faults import Fault

BELIEVED_S = 120.0
"""A step of the draw is believed after two minutes; what is reckoned from it, hours left, demand, an idle plant, follows then."""

STOCK = ("AU-48", "AU-24", "AU-06", "AU-02")
BANKS = ("BK-CH", "BK-LL", "BK-NR", "RS-US", "RS-LO")
PRESSURE = ("LP-L", "LP-LL")
PURITY = ("PU-L", "PU-LL", "PU-XL")
LIQUID = ("LX-RO", "LX-LO")
SUPPLY = (*STOCK, *BANKS, *PRESSURE, *LIQUID)
"""What follows where a source fails and the stock is drawn on."""

SHARED = frozenset({"FL-H", "TK-L", *PURITY})
"""Where one plant fails, or vents because it is off specification, the others carry more than they can."""

EXPECTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leak": ("DM-H", "FL-H", "TK-L", *PURITY, *SUPPLY),
        "demand_surge": ("DM-H", "FL-H", "TK-L", *PURITY, *SUPPLY),
        "pressure_loss": PRESSURE,
        "overpressure": ("LP-HH",),
        "plant_trip": ("PL-DN", *SHARED, *SUPPLY),
        "plant_maintenance": (*SHARED, *SUPPLY),
        "plant_left_idle": ("PL-ID", *SHARED, *SUPPLY),
        "mains_lost": SUPPLY,
        "power_lost": ("PW-LO", "PL-DN", *SUPPLY),
        "start_fails": ("PL-ST", *SHARED, *SUPPLY),
        "purity_drift": (*SHARED, "PU-FC"),
        "tower_stuck": ("TW-ST", *SHARED),
        "co2_breakthrough": ("C2-H",),
        "tank_drain_open": (*SHARED, *SUPPLY),
        "analyser_offset": ("PU-HI",),
        "analyser_failed": (),
        "compressor_hot": ("CT-H", "PL-DN", *SUPPLY),
        "belt_slips": ("AR-L", *SHARED),
        "receiver_leak": ("AR-L", *SHARED),
        "feed_air_hot": ("FT-H", *SHARED),
        "room_hot": ("FT-H", "CT-H", *SHARED),
        "dryer_failed": ("DP-H", *SHARED),
        "exhaust_drawn_in": ("CO-H", "CO-HH"),
        "filter_clogs": (),
        "oxygen_in_room": ("RM-O2",),
        "nitrogen_in_room": ("RM-O2",),
        "changeover_failure": SUPPLY,
        "cross_leak": ("BK-XL", *SUPPLY),
        "banks_not_changed": SUPPLY,
        "short_filled": ("BK-NR",),
        "reserve_loss": ("RS-LO",),
        "stock_low": SUPPLY,
        "tanker_missing": SUPPLY,
        "builder_iced": ("LX-PL",),
        "economiser_stuck": ("LX-PH",),
        "vacuum_lost": ("LX-PH", "LX-RO", "LX-LO"),
        "concentrator_worn": ("CN-LL", "CN-L"),
        "sensor_stuck": ("SN-SK",),
        "sensor_silent": ("SN-SI",),
        "sensor_out_of_range": ("SN-RG",),
        "sensor_jumps": (),
        "sensor_drifts": (),
        "sensor_noisy": (),
        "flow_meter_wrong": ("MB-DV",),
        "contact_chatters": (),
        "gateway_offline": ("ST-OF", "ST-DK"),
        "gateway_flaps": (),
        "site_dark": ("ST-OF", "ST-DK"),
        "clock_1970": ("CK-BD",),
        "clock_offset": ("CK-BD",),
        "duplicates": (),
        "reordered": (),
    }
)
"""Fault → the rules that must speak when their condition has truly held for their delay (bench.truth_claims). At the asset of the fault
where the rule is one of its kind, else at every asset of the site that it is a rule of."""


class Blame(NamedTuple):
    """`rules` may speak at the fault's own asset or anywhere on the site, until so many hours after the fault's end."""

    rules: frozenset[str]
    anywhere: bool
    after_h: float


def _own(*rules: str, after_h: float = 2.0) -> Blame:
    return Blame(frozenset(rules), False, after_h)


def _site(*rules: str, after_h: float = 48.0) -> Blame:
    return Blame(frozenset(rules), True, after_h)


_SUPPLY = _site(*SUPPLY, "DM-H")
"""Deliveries and staff need two days until all is full again."""
_DOWN = (_own("PL-DN", "PL-ST", "AR-L", "TW-ST"), _site(*SHARED, "PL-ID", after_h=3.0), _SUPPLY)
_BAD_GAS = (_own("PU-FC", "PL-ST", after_h=6.0), _site(*SHARED, after_h=6.0), _SUPPLY)
ANY = frozenset({"*"})
_BLIND = (Blame(ANY, False, 1.0), _site(*STOCK, *BANKS, "MB-DV", "DM-H", "BK-XL", "PL-ID", after_h=12.0))
"""A transmitter that lies may bring any alarm of its asset, and whatever is reckoned from it."""

EXPLAINED: Mapping[str, tuple[Blame, ...]] = MappingProxyType(
    {
        "leak": (_site("FL-H", "TK-L", *PURITY, after_h=3.0), _SUPPLY),
        "demand_surge": (_site("FL-H", "TK-L", *PURITY, after_h=3.0), _SUPPLY),
        "pressure_loss": (_own(*PRESSURE, after_h=0.5),),
        "overpressure": (_own("LP-HH", after_h=0.5),),
        "plant_trip": _DOWN,
        "plant_maintenance": _DOWN,
        "plant_left_idle": _DOWN,
        "mains_lost": (_site("PL-DN", "PL-ST", "TK-L", "AR-L", "PW-LO", *PURITY, after_h=2.0), _SUPPLY),
        "power_lost": (_site("PL-DN", "PL-ST", "TK-L", "AR-L", "PW-LO", *PURITY, after_h=2.0), _SUPPLY),
        "start_fails": _DOWN,
        "purity_drift": _BAD_GAS,
        "tower_stuck": (*_BAD_GAS, _own("TW-ST")),
        "co2_breakthrough": (_own("C2-H"),),
        "tank_drain_open": _BAD_GAS,
        "analyser_offset": (_own("PU-HI"),),
        "analyser_failed": _BLIND,
        "compressor_hot": (*_DOWN, _own("CT-H")),
        "belt_slips": (*_BAD_GAS, _own("AR-L")),
        "receiver_leak": (*_BAD_GAS, _own("AR-L")),
        "feed_air_hot": (*_BAD_GAS, _own("FT-H")),
        "room_hot": (*_BAD_GAS, _own("FT-H", "CT-H", after_h=4.0)),
        "dryer_failed": (*_BAD_GAS, _own("DP-H")),
        "exhaust_drawn_in": (_own("CO-H", "CO-HH"),),
        "oxygen_in_room": (_own("RM-O2"),),
        "nitrogen_in_room": (_own("RM-O2"),),
        "changeover_failure": (_SUPPLY,),
        "cross_leak": (_site("BK-XL", after_h=2.0), _SUPPLY),
        "banks_not_changed": (_SUPPLY,),
        "short_filled": (_SUPPLY,),
        "reserve_loss": (_own("RS-LO", "RS-US"), _site(*STOCK, after_h=4.0)),
        "stock_low": (_SUPPLY,),
        "tanker_missing": (_SUPPLY,),
        "builder_iced": (_own("LX-PL"), _SUPPLY),
        "economiser_stuck": (_own("LX-PH"),),
        "vacuum_lost": (_own("LX-PH"), _SUPPLY),
        "concentrator_worn": (_own("CN-LL", "CN-L", after_h=4.0),),
        "flow_meter_wrong": _BLIND,
        **dict.fromkeys(("sensor_stuck", "sensor_silent", "sensor_out_of_range", "sensor_jumps", "sensor_drifts", "sensor_noisy"), _BLIND),
        "contact_chatters": (_own("PW-LO"),),
        "gateway_offline": (_site("ST-OF", "ST-DK", after_h=0.2),),
        "site_dark": (_site("ST-OF", "ST-DK", after_h=0.2),),
        "clock_1970": (_site("CK-BD", after_h=0.5),),
        "clock_offset": (_site("CK-BD", "ST-OF", "ST-DK", "SN-SI", after_h=0.5),),
    }
)
"""Fault → the alarms that it may bring. A fault that is missing here explains none."""

ALWAYS = ("SV-DU", "BK-CH", "LX-RO", "AU-48")
"""Rules that must speak without any fault, in ordinary use."""

UNSEEN_FAULTS = frozenset({"gateway_offline", "site_dark", "gateway_flaps", "reordered"})
"""While one of these holds, the asset is not seen as its rules are used to: what is true then is not judged."""
SPOILT = frozenset({"sensor_stuck", "sensor_silent", "sensor_out_of_range", "sensor_jumps", "sensor_drifts", "sensor_noisy"})
SENSES = frozenset({"SN-SI", "SN-RG", "SN-SK", "ST-OF", "ST-DK", "CK-BD", "MB-DV"})
"""Rules about the sensors themselves: these are judged while a sensor is spoilt."""

ROUTINE = frozenset({"BK-CH", "AU-48", "AU-24", "LX-RO", "LX-LO"})
"""Rules whose condition is a part of ordinary life where cylinders or liquid are lived on: a bank is empty, it is time to order. Such an
alarm needs no fault where its condition is truly so."""


def stated_delay_s(rule: Rule, asset: Asset | None, site: Site) -> float:
    """How long a rule says that it waits: its on-delay (or one reading interval, where that is longer: one reading alone has no duration)
    and, by its type, what must have passed before the condition can be known."""
    waits_s = max(rule.on_delay_s, asset.interval_s) if asset is not None and rule.on_delay_s else rule.on_delay_s
    if rule.type == "silent" and asset is not None:
        waits_s += silent_after_ms(asset.interval_s) / 1000
    elif rule.type in {"offline", "dark"}:
        waits_s += min(silent_after_ms(each.interval_s) for each in site.assets) / 1000
    elif rule.type == "hours_left" or (rule.kind == "site" and NUMBERS.issuperset(rule.signals) and rule.signals):
        waits_s += BELIEVED_S
    elif rule.type in {"rising", "falling", "all_of"}:
        waits_s += max(each.window_s or 0.0 for each in (rule, *rule.parts))
    elif rule.type == "forecast":
        waits_s += TREND_BUCKET_MS / 1000
    elif rule.type == "stuck":
        waits_s += rule.still_s or 0.0
    return waits_s


def expected_at(fault: Fault, rule: str, site: Site) -> list[str]:
    """The assets at which a rule must speak because of a fault; "" is the site itself."""
    kinds = {kind for kind, name in CLAIMS if name == rule}
    own = next((asset for asset in site.assets if asset.id == fault.asset), None)
    if "site" in kinds:
        return [""]
    if own is not None and own.kind in kinds and rule not in SHARED:
        return [own.id]
    return [asset.id for asset in site.assets if asset.kind in kinds]


def explains(fault: Fault, rule: str, asset: str, at_ms: int) -> bool:
    """Whether the fault may have brought that alarm at that time."""
    for blame in EXPLAINED.get(fault.name, ()):
        in_time = fault.start_ms <= at_ms <= fault.end_ms + blame.after_h * 3_600_000
        if in_time and (blame.anywhere or asset == fault.asset) and (rule in blame.rules or blame.rules is ANY):
            return True
    return False
