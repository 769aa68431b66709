"""Surplus of net metering, kept from one run to the next."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from billing.models import BillingRun, SurplusCarried
from billing.services.stays import Stay

Ints = NDArray[np.int64]


def keep_surplus(*, run: BillingRun, stays: Sequence[Stay], before: Mapping[str, Ints], after: Mapping[str, Ints]) -> None:
    """Note what waited before and what waits after a run, by stay and period; rated anew, what is newer stays."""
    if not before and not after:
        return
    SurplusCarried.objects.filter(run=run, site_id__in={stay.site.pk for stay in stays}).delete()
    nothing = np.zeros(len(stays), dtype=np.int64)
    SurplusCarried.objects.bulk_create(
        SurplusCarried(
            run=run,
            site=stay.site,
            member=stay.member,
            first_day=run.first_day + timedelta(days=stay.first),
            window=name,
            before_wh=was,
            after_wh=stays_over,
        )
        for name in dict.fromkeys([*before, *after])
        for stay, was, stays_over in zip(stays, before.get(name, nothing).tolist(), after.get(name, nothing).tolist(), strict=True)
    )
