"""An oxygen plant: does it make oxygen to specification, with what effort, and what will stop it next."""

from __future__ import annotations

from dashboards.boards.common import BAD, HERE, TIME, WHO, limit_lines, signals, told_apart
from dashboards.influxql import ASSET, EACH, LONG, curve, entries, limits, minutes_in, over_time, table, twice
from dashboards.limits import above
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import BAR, CELSIUS, COUNT, HOURS, KWH_PER_M3, LPM, MINUTES, PCT, PPM, TEXT

KIND = "psa_plant"
PER_M3 = twice(
    'mean("power_kw") / (mean("o2_flow_lpm") * 0.06)',
    'mean("power_kw_mean") / (mean("o2_flow_lpm_mean") * 0.06)',
    KIND,
    running="o2_flow_lpm",
)

PSA_PLANT = Board(
    key="psa_plant",
    asset=KIND,
    one_site=True,
    panels=(
        Panel(
            "state", "states", At(0, 0, 14, 5),
            (curve('last("state")', f'"{KIND}"', ASSET, EACH, "$tag_asset"),),
            unit=TEXT, states="plant", none="none.plant",
        ),
        Panel(
            "lost", "stat", At(14, 0, 10, 5),
            (
                minutes_in(KIND, ["running_off_spec"], "off_spec"),
                minutes_in(KIND, ["off", "fault"], "down"),
                minutes_in(KIND, ["maintenance"], "maintenance"),
                entries(KIND, "starting", "starts"),
            ),
            unit=MINUTES, decimals=0, none="none.zero",
            columns=(
                Column("off_spec", "column.off_spec", MINUTES, BAD),
                Column("down", "column.down", MINUTES, above(1)),
                Column("maintenance", "state.maintenance", MINUTES),
                Column("starts", "column.starts", COUNT),
            ),
        ),
        Panel(
            "purity", "lines", At(0, 5, 12, 8),
            (
                *twice(
                    'mean("o2_purity_pct") AS "{mean}", min("o2_purity_pct") AS "{least}"',
                    'mean("o2_purity_pct_mean") AS "{mean}", min("o2_purity_pct_min") AS "{least}"',
                    KIND, alias="$col $tag_asset",
                ),
                limits(ASSET, "PU-L", "PU-LL", "PU-XL", "PU-HI"),
            ),
            unit=PCT, decimals=1, none="none.plant",
            columns=(*limit_lines(KIND, "PU-L", "PU-LL", "PU-XL", "PU-HI"), Column("/^{least} /", dashes="dot")),
        ),
        Panel(
            "analyser", "states", At(0, 13, 12, 3),
            (curve('last("analyser_state")', f'"{KIND}"', ASSET, EACH, "$tag_asset"),),
            unit=TEXT, states="analyser", none="none.analyser",
        ),
        Panel(
            "flow", "lines", At(12, 5, 12, 8),
            (*over_time(KIND, "o2_flow_lpm"), limits(ASSET, "FL-H")),
            unit=LPM, decimals=0, lowest=0, none="none.plant", columns=limit_lines(KIND, "FL-H"),
        ),
        Panel(
            "hours", "table", At(12, 13, 12, 3),
            (table(["psa_run_h", "compressor_run_h", "compressor_load_h"], f'"{KIND}"', ASSET, "site, asset"),),
            unit=HOURS, decimals=0, none="none.plant", recent="6h",
            columns=(
                TIME,
                HERE,
                WHO[1],
                Column("psa_run_h", "signal.psa_run_h", HOURS, decimals=0),
                Column("compressor_run_h", "signal.compressor_run_h", HOURS, decimals=0),
                Column("compressor_load_h", "signal.compressor_load_h", HOURS, decimals=0),
            ),
        ),
        Panel(
            "pressures", "lines", At(0, 16, 12, 8),
            (
                *signals(KIND, "compressor_discharge_bar", "air_receiver_bar", "product_tank_bar", "outlet_pressure_bar"),
                limits(ASSET, "AR-L", "TK-L"),
            ),
            unit=BAR, decimals=1, lowest=0, none="none.plant",
            columns=(
                *told_apart("compressor_discharge_bar", "air_receiver_bar", "product_tank_bar", "outlet_pressure_bar"),
                *limit_lines(KIND, "AR-L", "TK-L"),
            ),
        ),
        Panel(
            "temperatures", "lines", At(12, 16, 12, 8),
            (*signals(KIND, "room_temp_c", "feed_air_temp_c", "compressor_discharge_temp_c"), limits(ASSET, "FT-H", "CT-H")),
            unit=CELSIUS, decimals=0, none="none.plant",
            columns=(*told_apart("room_temp_c", "feed_air_temp_c", "compressor_discharge_temp_c"), *limit_lines(KIND, "FT-H", "CT-H")),
        ),
        Panel(
            "dewpoint", "lines", At(0, 24, 8, 7),
            (*signals(KIND, "air_dewpoint_c", "product_dewpoint_c"), limits(ASSET, "DP-H")),
            unit=CELSIUS, decimals=0, none="none.plant",
            columns=(*told_apart("air_dewpoint_c", "product_dewpoint_c"), *limit_lines(KIND, "DP-H")),
        ),
        Panel(
            "energy", "lines", At(8, 24, 8, 7),
            PER_M3,
            unit=KWH_PER_M3, decimals=2, lowest=0, none="none.power",
        ),
        Panel(
            "co", "lines", At(16, 24, 8, 7),
            (*over_time(KIND, "co_ppm", how="max"), limits(ASSET, "CO-H", "CO-HH")),
            unit=PPM, decimals=1, lowest=0, none="none.co", columns=limit_lines(KIND, "CO-H", "CO-HH"),
        ),
        Panel(
            "service", "lines", At(0, 31, 24, 6),
            (curve('max("psa_run_h_max")', f'{LONG}"{KIND}_15m"', ASSET, EACH, "$tag_asset"), limits(ASSET, "SV-DU")),
            unit=HOURS, decimals=0, none="none.plant", columns=limit_lines(KIND, "SV-DU"), recent="90d", every="6h",
        ),
    ),
)  # fmt: skip
