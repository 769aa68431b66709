"""What the clock of a cooperative's microgrids shows, real or replayed."""

from datetime import datetime

from energy.models import Microgrid


def cooperative_now(cooperative_id: int, now: datetime) -> datetime:
    """The clock of its first microgrid; a cooperative without any lives in real time."""
    microgrid = Microgrid.objects.filter(cooperative=cooperative_id).order_by("pk").first()
    return now if microgrid is None else microgrid.now(now)
