"""Cumulative registers: they rise, and roll over at their limit."""


def went_back(before_wh: int, after_wh: int, limit_wh: int) -> bool:
    """Whether a register that read `before_wh` and now `after_wh` [Wh] went back.

    Less than before is a rollover where the way forward, over the limit, is the shorter one.
    """
    return after_wh < before_wh and 2 * ((after_wh - before_wh) % limit_wh) >= limit_wh
