"""How much oxygen a site has, how fast it goes, and how long it lasts, with bounds. Pure.

Observations go in as they happen (only live ones, in order); an estimate can be asked for at any time, changes nothing, and ages: with no
new data the content is counted down by the burn and the bounds widen. What is not known is said as unknown (None), never as infinity.

    content   of each source from what it measures                       sources, on level and series
    draw      on the stock now: flow meters, else the slope of content   burn
    demand    of the site with the plants lost: draw + what they give    burn, on demand
    plan      max(demand of 1 h, of 6 h, of this hour on seven days)     burn
    hours     content less what went since it was measured, over draw or plan   content

Hours whose divisor is at or below the floor (5 L/min, or a tenth of the usual) have no upper bound: "at least". The bounds are meant to
hold the truth nine times in ten, "truth" being the true content over the true demand of the moment.
"""

from collector.stock.site import SIGNALS, SiteStock, StockState

__all__ = ["SIGNALS", "SiteStock", "StockState"]
