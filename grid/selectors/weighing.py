"""What storages were told on a day and what they did, weighed against standing idle; of a closed day, or of one that runs."""

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.domain.flexibility import Ints, owed, savings
from grid.models import CommandKind, FlexibilityDay, PriceDay
from grid.selectors.flexibility import terms_on
from grid.selectors.plans import storages_of
from grid.selectors.told import PlanWords, Told, plan_words, told_between


def weighed_day(*, microgrid: Microgrid, day: date, net_wh: Ints, revision: int) -> list[FlexibilityDay]:
    """A row for each storage, not stored; none where no storage acknowledged a command, or no price was published.

    What was told is forgotten after a month: then what an earlier revision kept of it counts.

    Args:
        net_wh: import less export at the point of common coupling [T].
    """
    storages = storages_of(microgrid)
    prices = PriceDay.objects.filter(microgrid=microgrid, day=day).first()
    if not storages or prices is None:
        return []
    ids = [storage.pk for storage in storages]
    local = microgrid.local_day(day)
    count = local.interval_count
    before = {row.storage_id: row for row in FlexibilityDay.objects.filter(microgrid=microgrid, day=day, is_current=True)}
    told = told_between(microgrid=microgrid, storage_ids=ids, start_at=local.start_at, count=count)
    if not told.kind.any():
        told = _as_kept(told, [before.get(pk) for pk in ids])
    if not told.kind.any():
        return []
    meters = [storage.meter.pk for storage in storages]
    charge, discharge = (_measured(microgrid, c, day, meters) for c in (Channel.CHARGE, Channel.DISCHARGE))
    retail, feed_in = (np.array(p, dtype=np.int64) for p in (prices.retail_micro, prices.feed_in_micro))
    saved = savings(net_wh, discharge - charge, retail, feed_in)
    words = plan_words(microgrid=microgrid, start_at=local.start_at, count=count)
    terms = terms_on(microgrid, day)
    rows = []
    for i, storage in enumerate(storages):
        obeyed = told.kind[:, i] != CommandKind.NONE
        own = np.where(obeyed, saved[:, i], 0)
        row = FlexibilityDay(
            storage=storage,
            microgrid=microgrid,
            day=day,
            revision=revision,
            kind=told.kind[:, i].tolist(),
            asked_charge_wh=told.charge_wh[:, i].tolist(),
            asked_discharge_wh=told.discharge_wh[:, i].tolist(),
            charge_wh=charge[:, i].tolist(),
            discharge_wh=discharge[:, i].tolist(),
            saved_micro=own.tolist(),
            owed_micro=owed(terms, int(own.sum()), int(discharge[obeyed, i].sum())) if terms else 0,
            **_told_words(words, told.kind[:, i], before.get(storage.pk)),
        )
        rows.append(row)
    return rows


def net_so_far(microgrid: Microgrid, day: date) -> Ints:
    """Import less export of all sites on a day that runs, as far as readings came in [T]."""
    meters = Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, removed_at__isnull=True)
    ids = list(meters.values_list("pk", flat=True))
    drawn, fed_in = (
        load_channel(microgrid=microgrid, channel=c, days=[day], meter_ids=ids, with_quality=False).values_wh.sum(axis=0)
        for c in (Channel.IMPORT, Channel.EXPORT)
    )
    net: Ints = drawn - fed_in
    return net


def _measured(microgrid: Microgrid, channel: int, day: date, meter_ids: list[int]) -> Ints:
    """A channel of the storages' meters, in the order given [T, s]."""
    block = load_channel(microgrid=microgrid, channel=channel, days=[day], meter_ids=meter_ids, with_quality=False)
    return block.values_wh[np.searchsorted(block.meter_ids, meter_ids)].T


def _as_kept(told: Told, rows: list[FlexibilityDay | None]) -> Told:
    """What earlier revisions of the day kept of commands that are forgotten by now."""
    kind, charge, discharge = told.kind.copy(), told.charge_wh.copy(), told.discharge_wh.copy()
    for i, row in enumerate(rows):
        if row is not None:
            kind[:, i], charge[:, i], discharge[:, i] = row.kind, row.asked_charge_wh, row.asked_discharge_wh
    return Told(kind, charge, discharge)


def _told_words(words: PlanWords, kind: NDArray[np.int64], before: FlexibilityDay | None) -> dict[str, list[Any]]:
    """The plan's worth of each interval, and its sentences, each once, where the storage was told something."""
    if not any(words.sentences) and before is not None:
        return {"worth_micro": before.worth_micro, "sentences": before.sentences, "sentence": before.sentence}
    distinct = sorted({text for text, k in zip(words.sentences, kind.tolist(), strict=True) if text and k})
    place = {text: i for i, text in enumerate(distinct)}
    chosen = [place[text] if k and text else -1 for text, k in zip(words.sentences, kind.tolist(), strict=True)]
    return {"worth_micro": list(words.worth_micro), "sentences": distinct, "sentence": chosen}
