"""Whether the alarm system itself can be trusted: nuisance alarms, and its key figures beside their targets. Pure.

    counted     which transitions are alarms that somebody hears of
    classes     chattering, fleeting, standing: alarm by alarm                        (ISA-18.2, EEMUA 191)
    flood       more alarms in ten minutes than a person can work through
    waits       who acknowledged, after how long, and what nobody did
    nuisance    the three of them live, for one site, with an hourly row for the time-series store
    tally       all of it for a period and any group of sites (one operator's) → report
    targets     what is good, what can still be managed, by which source
    advice      what would have kept the worst offenders quiet, from the data

Transitions go in in the order of their evaluation. What people experience (load, floods, answers) is counted by `evaluated_ms`; how an
alarm behaves (how long it was on, how soon it came back) by `event_ms`, so that a gateway that delivers late is not taken for a sensor that
chatters.
"""
