"""Surplus of net metering, kept from one run to the next."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from billing.models import BillingRun, SurplusCarried

Ints = NDArray[np.int64]


def keep_surplus(
    *, run: BillingRun, site_ids: Sequence[int], before: Mapping[str, Ints], after: Mapping[str, Ints]
) -> None:
    """Note what waited before and what waits after a run, by site and period; rated anew, what is newer stays."""
    if not before and not after:
        return
    SurplusCarried.objects.filter(run=run, site_id__in=site_ids).delete()
    nothing = np.zeros(len(site_ids), dtype=np.int64)
    SurplusCarried.objects.bulk_create(
        SurplusCarried(run=run, site_id=site_id, window=name, before_wh=was, after_wh=stays)
        for name in dict.fromkeys([*before, *after])
        for site_id, was, stays in zip(
            site_ids, before.get(name, nothing).tolist(), after.get(name, nothing).tolist(), strict=True
        )
    )
