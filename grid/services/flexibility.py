"""Keeping what storages were told on a closed day, what they did, what it saved, and what their owners are owed for it."""

import numpy as np

from energy.models import Microgrid
from grid.models import BalanceDay, FlexibilityDay
from grid.selectors.weighing import weighed_day


def store_flexibility(*, microgrid: Microgrid, balance: BalanceDay) -> int:
    """Store a day's flexibility under the revision of its balance, if a storage was told anything; returns how many storages.

    Part of the caller's transaction.
    """
    net = np.array(balance.import_wh, dtype=np.int64) - np.array(balance.export_wh, dtype=np.int64)
    rows = weighed_day(microgrid=microgrid, day=balance.day, net_wh=net, revision=balance.revision)
    if rows:
        FlexibilityDay.objects.filter(microgrid=microgrid, day=balance.day, is_current=True).update(is_current=False)
        FlexibilityDay.objects.bulk_create(rows)
    return len(rows)
