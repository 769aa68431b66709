"""Keeping what storages were told on a closed day, what they did, what it saved, and what their owners are owed for it."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from energy.models import Channel, Microgrid
from energy.selectors.meter_days import load_channel
from grid.domain.flexibility import Ints, owed, savings
from grid.models import BalanceDay, CommandKind, FlexibilityDay, PriceDay
from grid.selectors.flexibility import terms_on
from grid.selectors.plans import storages_of
from grid.selectors.told import PlanWords, Told, plan_words, told_between


def store_flexibility(*, microgrid: Microgrid, balance: BalanceDay) -> int:
    """Store a day's flexibility under the revision of its balance; part of the caller's transaction.

    Nothing is stored where no storage acknowledged a command, or no price was published. What was told may be forgotten after a month: then
    what an earlier revision kept of it counts. Returns how many storages were told something.
    """
    day = balance.day
    storages = storages_of(microgrid)
    prices = PriceDay.objects.filter(microgrid=microgrid, day=day).first()
    before = {
        row.storage_id: row
        for row in FlexibilityDay.objects.filter(microgrid=microgrid, day=day, is_current=True)
    }
    if not storages or prices is None:
        return 0
    ids = [storage.pk for storage in storages]
    local = microgrid.local_day(day)
    told = told_between(
        microgrid=microgrid, storage_ids=ids, start_at=local.start_at, count=local.interval_count
    )
    if not told.kind.any():
        told = _as_kept(told, [before.get(pk) for pk in ids])
    if not told.kind.any():
        return 0
    charge, discharge = (_measured(microgrid, c, day, [s.meter.pk for s in storages]) for c in (Channel.CHARGE, Channel.DISCHARGE))  # fmt: skip
    net = np.array(balance.import_wh, dtype=np.int64) - np.array(balance.export_wh, dtype=np.int64)
    saved = savings(
        net, discharge - charge, np.array(prices.retail_micro, dtype=np.int64), np.array(prices.feed_in_micro, dtype=np.int64)
    )  # fmt: skip
    words = plan_words(microgrid=microgrid, start_at=local.start_at, count=local.interval_count)
    terms = terms_on(microgrid, day)
    FlexibilityDay.objects.filter(microgrid=microgrid, day=day, is_current=True).update(is_current=False)
    rows = []
    for i, storage in enumerate(storages):
        obeyed = told.kind[:, i] != CommandKind.NONE
        own = np.where(obeyed, saved[:, i], 0)
        given = int(discharge[obeyed, i].sum())
        row = FlexibilityDay(
            storage=storage, microgrid=microgrid, day=day, revision=balance.revision, kind=told.kind[:, i].tolist(),
            asked_charge_wh=told.charge_wh[:, i].tolist(), asked_discharge_wh=told.discharge_wh[:, i].tolist(),
            charge_wh=charge[:, i].tolist(), discharge_wh=discharge[:, i].tolist(), saved_micro=own.tolist(),
            owed_micro=owed(terms, int(own.sum()), given) if terms else 0,
            **_told_words(words, told.kind[:, i], before.get(storage.pk)),
        )  # fmt: skip
        rows.append(row)
    FlexibilityDay.objects.bulk_create(rows)
    return int((told.kind != CommandKind.NONE).any(axis=0).sum())


def _measured(microgrid: Microgrid, channel: int, day: date, meter_ids: list[int]) -> Ints:
    """A channel of the storages' meters, in the order given [T, s]."""
    block = load_channel(
        microgrid=microgrid, channel=channel, days=[day], meter_ids=meter_ids, with_quality=False
    )
    return block.values_wh[np.searchsorted(block.meter_ids, meter_ids)].T


def _as_kept(told: Told, rows: list[FlexibilityDay | None]) -> Told:
    """What earlier revisions of the day kept of commands that are forgotten by now."""
    for i, row in enumerate(rows):
        if row is not None:
            told.kind[:, i], told.charge_wh[:, i], told.discharge_wh[:, i] = (
                row.kind, row.asked_charge_wh, row.asked_discharge_wh,
            )  # fmt: skip
    return told


def _told_words(
    words: PlanWords, kind: NDArray[np.int64], before: FlexibilityDay | None
) -> dict[str, list[object]]:
    """The plan's worth of each interval, and its sentences, each once, where the storage was told something."""
    if not any(words.sentences) and before is not None:
        return {"worth_micro": before.worth_micro, "sentences": before.sentences, "sentence": before.sentence}
    distinct = sorted({text for text, k in zip(words.sentences, kind.tolist(), strict=True) if text and k})
    place = {text: i for i, text in enumerate(distinct)}
    chosen = [
        place[text] if k and text else -1 for text, k in zip(words.sentences, kind.tolist(), strict=True)
    ]
    return {"worth_micro": list(words.worth_micro), "sentences": list(distinct), "sentence": list(chosen)}
