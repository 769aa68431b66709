"""NREL's Utilityrate5 on tariffs and loads: `pysam_rates.py QUESTION.json ANSWER.json`, run in the peer's own environment.

The question holds `repeat` and `cases`, each `tariff` (URDB), `import_kwh`, `export_kwh`, `metering`, `tiers`; the answer months by kind
of charge, or the peer's error, and the seconds of its calculation alone.
"""

import contextlib
import copy
import io
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import PySAM.Utilityrate5 as utility_rate
from PySAM.UtilityRateTools import URDBv8_to_ElectricityRates
from PySAM.version import __version__

NET_METERING, NET_BILLING, BUY_ALL_SELL_ALL = 0, 2, 4
DAYS_OF = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def main(question: Path, answer: Path) -> None:
    """Bill every case."""
    asked = json.loads(question.read_text())
    months: list[Any] = []
    seconds = 0.0
    for case in asked["cases"]:
        try:
            model = _model(case)
            began = time.perf_counter()
            for _ in range(asked.get("repeat", 1)):
                model.execute(0)
            seconds += time.perf_counter() - began
            months.append(_months(model))
        except Exception as refusal:
            months.append({"error": str(refusal).strip().splitlines()[-1] if str(refusal).strip() else "?"})
    answer.write_text(json.dumps({"version": __version__, "months": months, "seconds": seconds}))


def _model(case: dict[str, Any]) -> Any:
    """A calculation of one year: load drawn and energy fed in, hourly or finer."""
    model = utility_rate.new()
    drawn = case["import_kwh"]
    per_hour = len(drawn) // 8760
    fed_in = case["export_kwh"] if case["metering"] != "none" else [0.0] * len(drawn)
    model.Lifetime.analysis_period = 1
    model.Lifetime.system_use_lifetime_output = 0
    model.Lifetime.inflation_rate = 0
    model.SystemOutput.degradation = [0.0]
    model.SystemOutput.gen = [kwh * per_hour for kwh in fed_in]
    model.Load.load = [kwh * per_hour for kwh in drawn]
    model.ElectricityRates.rate_escalation = [0.0]
    for name, value in (_rates(case) | _ratchet(case, per_hour)).items():
        setattr(model.ElectricityRates, name, value)
    return model


def _rates(case: dict[str, Any]) -> dict[str, Any]:
    """The peer's own conversion of URDB, older names mended first, metering as asked."""
    tariff = _without_nulls(copy.deepcopy(case["tariff"]))
    for key in ("lookbackpercent", "lookbackrange", "lookbackmonths", "dgrules"):
        tariff.pop(key, None)
    if "fixedchargefirstmeter" not in tariff and "fixedmonthlycharge" in tariff:
        tariff |= {"fixedchargefirstmeter": tariff["fixedmonthlycharge"], "fixedchargeunits": "$/month"}
    tariff.setdefault("fixedchargeunits", "$/month")
    tariff.setdefault("minchargeunits", "$/month")
    with contextlib.redirect_stdout(io.StringIO()):
        rates: dict[str, Any] = URDBv8_to_ElectricityRates(tariff)
    if "minmonthlycharge" in tariff and "ur_monthly_min_charge" not in rates:
        rates["ur_monthly_min_charge"] = tariff["minmonthlycharge"]
    if "annualmincharge" in tariff and "ur_annual_min_charge" not in rates:
        rates["ur_annual_min_charge"] = tariff["annualmincharge"]
    monthly = case["metering"] == "net-metering" or (case["metering"] == "none" and case["tiers"] == "prorated")
    rates["ur_metering_option"] = NET_METERING if monthly else NET_BILLING
    if case["metering"] == "buy-all-sell-all":
        rates["ur_metering_option"] = BUY_ALL_SELL_ALL
    return rates


def _ratchet(case: dict[str, Any], per_hour: int) -> dict[str, Any]:
    """The peer's inputs for `lookback...`, as the keys mean them: its own reader gives all months the percentage that one has, and takes
    it of the month's own power too. The year before has the load of this one."""
    tariff = _without_nulls(case["tariff"])
    share, months = tariff.get("lookbackpercent", 0), int(tariff.get("lookbackrange", 0))
    named = tariff.get("lookbackmonths", [])
    power = "flatdemandmonths" in tariff or "demandratestructure" in tariff
    if not power or not share or not (months or any(named)):
        return {}
    ends = [sum(DAYS_OF[:month]) * 24 * per_hour for month in range(13)]
    drawn = case["import_kwh"]
    return {
        "ur_enable_billing_demand": 1,
        "ur_billing_demand_minimum": 0,
        "ur_billing_demand_lookback_period": months or 11,
        "ur_billing_demand_lookback_percentages": [[share * 100 if flag or not any(named) else 0, 1] for flag in named or [True] * 12],
        "ur_dc_billing_demand_periods": [[place + 1, 1] for place in range(len(tariff.get("demandratestructure", [0])))],
        "ur_yearzero_usage_peaks": [max(drawn[a:b]) * per_hour for a, b in itertools.pairwise(ends)],
    }


def _without_nulls(given: Any) -> Any:
    """A field that holds null says as much as one that is not there."""
    if isinstance(given, dict):
        return {key: _without_nulls(value) for key, value in given.items() if value is not None}
    return [_without_nulls(value) for value in given] if isinstance(given, list) else given


def _months(model: Any) -> list[dict[str, float]]:
    out = model.Outputs
    credit = out.net_billing_credits_ym[1]
    charge = out.charge_w_sys_ec_ym[1]
    twice = _power_of_the_plant(model)
    return [
        {
            "fixed": out.charge_w_sys_fixed_ym[1][m],
            "energy": charge[m] + credit[m],
            "demand": out.charge_w_sys_dc_fixed_ym[1][m] + out.charge_w_sys_dc_tou_ym[1][m] - twice[m],
            "export_credit": credit[m],
            "minimum": out.charge_w_sys_minimum_ym[1][m],
            "total": out.utility_bill_w_sys_ym[1][m] - twice[m],
        }
        for m in range(12)
    ]


def _power_of_the_plant(model: Any) -> list[float]:
    """What a ratchet costs at a meter of its own for the plant, which draws nothing: the peer puts the load's year before on it too."""
    out, rates = model.Outputs, model.ElectricityRates
    if rates.ur_metering_option != BUY_ALL_SELL_ALL or not rates.ur_enable_billing_demand:
        return [0.0] * 12
    both = zip(out.charge_w_sys_dc_fixed_ym[1], out.charge_w_sys_dc_tou_ym[1], strict=True)
    bought = zip(out.charge_wo_sys_dc_fixed_ym[1], out.charge_wo_sys_dc_tou_ym[1], strict=True)
    return [sum(a) - sum(b) for a, b in zip(both, bought, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
