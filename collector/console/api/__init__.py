"""The console's JSON API, `/api/v1`: sites, alarms, commands and reports for programs, with tokens of limited scope.

`table.py` is all of it at a glance; its description (`openapi.json`) and its routes are made from that table.
"""
