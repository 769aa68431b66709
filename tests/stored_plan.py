"""What a stored plan does that physics forbids: written out plainly, interval by interval, with nothing of the project's own planning."""

from collections.abc import Mapping

from grid.models import Plan

HAIR = 1e-6


def faults_of(plan: Plan, stored_wh: Mapping[int, float]) -> list[str]:
    """Each fault of a plan in a sentence, from what is stored when it begins, by storage.

    The powers count as they are stored, in whole watts; what others use and give is what was foreseen.
    """
    found: list[str] = []
    hours = plan.interval_minutes / 60
    through = [0] * len(plan.use_w)
    for row in plan.storages.select_related("storage"):
        unit, held = row.storage, stored_wh[row.storage_id]
        for t, (charge, discharge, said) in enumerate(zip(row.charge_w, row.discharge_w, row.soc_wh, strict=True)):
            place = f"{unit.code} in interval {t}"
            kept = (1 - float(unit.self_discharge_per_day)) ** (hours / 24)
            held = held * kept + (charge * float(unit.eta_charge) - discharge / float(unit.eta_discharge)) * hours
            through[t] += charge - discharge
            if min(charge, discharge) != 0 or charge < 0 or discharge < 0:
                found.append(f"{place}: charges {charge} W and discharges {discharge} W")
            if charge > unit.charge_max_w or discharge > unit.discharge_max_w:
                found.append(f"{place}: {charge} and {discharge} W are more than it can")
            if not unit.soc_min_wh - HAIR <= held <= unit.soc_max_wh + HAIR:
                found.append(f"{place}: {held:.6f} Wh are stored")
            if abs(held - said) > 0.5 + HAIR:
                found.append(f"{place}: {said} Wh are said to be stored, {held:.3f} are")
    for t, (use, made, bought, sold) in enumerate(zip(plan.use_w, plan.production_w, plan.import_w, plan.export_w, strict=True)):
        if min(bought, sold) != 0:
            found.append(f"interval {t}: {bought} W in and {sold} W out")
        if abs(bought - sold - (use - made + through[t])) > 1:  # each of these is rounded to a watt
            found.append(f"interval {t}: {bought - sold} W come in, {use - made + through[t]} W are used")
    return found
