"""Reports that people read or pass on: the handover of a shift, and the facility-day that health authorities asked for.

readings, stock, alarms of a day ─▶ day (one facility) ─▶ levels (district, region) ─▶ formats (CSV, JSON, HTML, PDF) ─▶ post (by mail)
"""
