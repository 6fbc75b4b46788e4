"""What was seen of the stock, in words and numbers that an operator can hold against a delivery note. Pure."""

from __future__ import annotations

from collector.outputs import StockEvent
from collector.stock.bank import BankTrack
from collector.stock.exchange import Exchange
from collector.stock.level import Rise
from collector.stock.manifold import Changeover
from devices.oxygen import lox_litres_gas


def refill_event(site: str, manifold: str, bank: BankTrack, rise: Rise, exchange: Exchange, counted: int | None) -> StockEvent:
    """`counted`: how many the count of the store fell by with it; None where it did not."""
    short = not exchange.is_full(counted or exchange.cylinders)
    return StockEvent(
        site=site,
        asset=manifold,
        source=bank.source,
        event="refill",
        event_ms=rise.start_ms,
        litres=exchange.gained_l,
        text=f"+{exchange.gained_l:,.0f} L, {_refill_words(bank, exchange, counted)}",
        cylinders=round(exchange.worth, 1),
        expected_cylinders=counted,
        before_bar=round(rise.before_raw, 1),
        pressure_bar=round(rise.after_raw, 1),
        expected_bar=bank.fill_bar,
        short=short,
    )


def _refill_words(bank: BankTrack, exchange: Exchange, counted: int | None) -> str:
    worth, bar = round(exchange.worth), f"{exchange.pressure_bar:.0f} bar"
    if exchange.is_full(exchange.cylinders):
        return f"{cylinders(counted or worth)}: bank {bank.name} refilled to {bar}"
    about = f"{cylinders(worth)}' worth" if worth else f"{exchange.worth:.1f} of a cylinder"
    words = f"bank {bank.name} refilled to {bar} of {bank.fill_bar:.0f}"
    if counted is None:
        also = f" (or {worth} of them exchanged for full ones)" if 0 < worth < bank.cylinders else ""
        return f"{about}: {words}: short fill, {cylinders(bank.cylinders)} at {bar}{also}"
    if exchange.is_full(counted):
        return f"{cylinders(counted)}: {words}"
    return f"{about}: {words}: short fill, {cylinders(counted)} at {exchange.bar(counted):.0f} bar"


def fill_event(site: str, tank: str, rise: Rise, capacity_kg: float) -> StockEvent:
    """The level of a tank is its mass in kg."""
    kg = max(0.0, rise.after_raw - rise.before_raw)
    litres = lox_litres_gas(kg)
    before_pct, after_pct = (100 * raw / capacity_kg for raw in (rise.before_raw, rise.after_raw))
    return StockEvent(
        site=site,
        asset=tank,
        source=tank,
        event="fill",
        event_ms=rise.start_ms,
        litres=litres,
        text=f"+{kg:,.0f} kg, {litres:,.0f} L of gas: {tank} filled from {before_pct:.0f} to {after_pct:.0f} %",
        kg=kg,
    )


def changeover_event(site: str, manifold: str, seen: Changeover) -> StockEvent:
    return StockEvent(
        site=site,
        asset=manifold,
        source=f"{manifold}/{seen.now}",
        event="changeover",
        event_ms=seen.time_ms,
        text=f"changed over from bank {seen.before} to bank {seen.now}, number {seen.on_day} today",
    )


def cylinders(count: int) -> str:
    return f"{count} cylinder" if count == 1 else f"{count} cylinders"
