"""Local prices (domain rules, section 2), in whole millionths of a currency unit per kWh."""

import numpy as np
from numpy.typing import NDArray

Micro = NDArray[np.int64]


def mid_market(retail_micro: Micro, feed_in_micro: Micro) -> Micro:
    """Return `m = (b + f) / 2`, half even at six decimals (Long et al. 2017)."""
    twice = retail_micro + feed_in_micro
    half = twice // 2
    rounded: Micro = half + ((twice % 2 != 0) & (half % 2 != 0))
    return rounded
