"""The virtual village, live: samples every few seconds, readings at each interval's end, inverters that obey."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from energy.domain.telemetry import Sample
from energy.models import Microgrid
from grid.adapters.live_devices import Speaker, converse
from grid.adapters.village_memory import Reading, VillageMemory
from grid.domain.live_village import CHANNELS, IntervalEnd, Limits, Moment, Orders, advance, begin, cut, end_interval, ends_between
from grid.domain.village import Registers, VillageState, simulate
from grid.selectors.village import Village, load_village, powers, profile_days
from grid.services.village_replay import enrol_village

DAYS_AT_ONCE = 31


class CannotLive(ValueError):
    """The village cannot live at this time; the message says why."""


def set_speed(*, microgrid: Microgrid, speed: float, real_now: datetime) -> None:
    """Let the microgrid's clock run `speed` times as fast from now on; what it shows does not jump."""
    shown = microgrid.now(real_now)
    microgrid.clock_real_start, microgrid.clock_shown_start = real_now, shown
    microgrid.clock_speed = speed
    microgrid.save(update_fields=["clock_real_start", "clock_shown_start", "clock_speed"])


def live(*, microgrid: Microgrid, every_s: float, real_clock: Callable[[], datetime]) -> None:
    """Live until a signal comes; goes on where it was stopped, with the readings that were not acknowledged.

    Raises:
        CannotLive: there are no profiles for what the clock shows.
    """
    village = load_village(microgrid)
    devices = enrol_village(microgrid=microgrid, now=real_clock())
    memory = VillageMemory(settings.VAR_DIR / "village" / f"live-{microgrid.public_id}.sqlite3")
    try:
        life = VillageLife(village, memory, microgrid.now(real_clock()))
        silent = dict.fromkeys([*village.site_meters, *village.source_meters])
        places = silent | {meter: place for place, meter in enumerate(village.storage_meters)}
        sources = {meter: place for place, meter in enumerate(village.source_meters)}
        speakers = [Speaker(devices[meter.pk], place, sources.get(meter), village.loads_of(meter)) for meter, place in places.items()]
        converse(
            url=settings.MQTT_URL,
            identifier=f"village-{microgrid.pk}",
            speakers=speakers,
            life=life,
            memory=memory,
            interval_s=microgrid.interval_minutes * 60,
            clock=lambda: microgrid.now(real_clock()),
            every_s=every_s,
        )
    finally:
        memory.close()


class VillageLife:
    """The village between one step and the next."""

    def __init__(self, village: Village, memory: VillageMemory, now: datetime) -> None:
        self._village, self._memory = village, memory
        self._interval = timedelta(minutes=village.microgrid.interval_minutes)
        self._days = profile_days(village.microgrid)
        self._held: dict[date, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self.orders = Orders.none(len(village.plan.storage_site))
        self.source_limits = Limits.none(len(village.plan.source_site))
        self.load_limits = Limits.none(len(village.plan.load_site))
        self._meters = {
            "import": village.site_meters,
            "export": village.site_meters,
            "production": village.source_meters,
            "charge": village.storage_meters,
            "discharge": village.storage_meters,
        }
        self._moment = self._wake_up(now)
        self._hold(now)

    def lacks_profiles(self, now: datetime) -> bool:
        """Whether profiles up to the day after `now` are still to be read: with them time passes without the database."""
        return any(day not in self._held for day in self._days_until(now))

    def read_ahead(self, now: datetime) -> None:
        """Read the profiles that `lacks_profiles` misses, in a thread whose connection is not needed after that."""
        try:
            self._hold(now)
        finally:
            connection.close()

    def order(self, place: int, charge_w: float, discharge_w: float, expires_s: float, now: datetime) -> None:
        """Tell one storage what to do from `now` on."""
        self.live_until(now)
        self.orders = self.orders.with_order(place, charge_w, discharge_w, expires_s)

    def limit_source(self, place: int, limit_w: float | None, expires_s: float, now: datetime) -> None:
        """Tell one source the most it may give from `now` on."""
        self.live_until(now)
        self.source_limits = self.source_limits.with_limit(place, limit_w, expires_s)

    def limit_load(self, place: int, limit_w: float | None, expires_s: float, now: datetime) -> None:
        """Tell one load the most it may draw from `now` on."""
        self.live_until(now)
        self.load_limits = self.load_limits.with_limit(place, limit_w, expires_s)

    def live_until(self, now: datetime) -> bool:
        """Let time pass; readings of intervals that end on the way go into the memory. Returns whether any ended."""
        moment, ended = self._moment, False
        for stop in self._stops(moment.at, now):
            load_w, source_w = self._powers_at(moment.at)
            at_s = moment.at.timestamp()
            load_w, source_w = self.load_limits.kept(load_w, at_s), self.source_limits.kept(source_w, at_s)
            moment = advance(self._village.plan, moment, load_w, source_w, self.orders, stop)
            if stop == moment.interval_start + self._interval:
                moment, end = end_interval(moment)
                self._memory.keep(moment.at, moment.state, self._readings(end))
                ended = True
        self._moment = moment
        return ended

    def _stops(self, start_at: datetime, end_at: datetime) -> list[datetime]:
        """Where to stop on the way: at intervals' ends, and where what somebody was told ends."""
        standing = (self.orders.expires_s, self.source_limits.expires_s, self.load_limits.expires_s)
        ends = {at for expires_s in standing for at in ends_between(expires_s, start_at, end_at)}
        return sorted({*cut(start_at, end_at, self._interval), *ends})

    def samples(self) -> dict[int, Sample]:
        """What each meter shows now, by meter id [W, Wh]."""
        at, village, now = self._moment.at, self._village, self._moment.powers
        found = {}
        for place, meter in enumerate(village.site_meters):
            found[meter.pk] = {"import_w": now.import_w[place], "export_w": now.export_w[place]}
        for place, meter in enumerate(village.source_meters):
            found[meter.pk] = {"production_w": now.production_w[place]}
        for place, meter in enumerate(village.storage_meters):
            found[meter.pk] = {
                "charge_w": now.charge_w[place],
                "discharge_w": now.discharge_w[place],
                "soc_wh": self._moment.state.soc_wh[place],
            }
        return {
            meter_id: Sample(at, {name: round(float(value), 1) for name, value in values.items()}) for meter_id, values in found.items()
        }

    def _readings(self, end: IntervalEnd) -> list[Reading]:
        start_s = int(end.start_at.timestamp())
        return [
            Reading(meter.pk, name, start_s, int(first), int(last))
            for name in CHANNELS
            for meter, first, last in zip(self._meters[name], end.before[name], end.after[name], strict=True)
        ]

    def _powers_at(self, at: datetime) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Loads and sources [W] in the interval that holds `at`."""
        microgrid = self._village.microgrid
        day = at.astimezone(microgrid.zone).date()
        loads, sources = self._powers_on(day)
        index = microgrid.local_day(day).index_of(at)
        return loads[:, index], sources[:, index]

    def _powers_on(self, day: date) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Loads and sources [W] of a day."""
        if day not in self._held:
            if day not in self._days:
                raise CannotLive(f"There are no profiles for {day}; they reach from {self._days[0]} to {self._days[-1]}.")
            self._held = {day: powers(self._village, [day])}
        return self._held[day]

    def _hold(self, now: datetime) -> None:
        """Hold the profiles from where the village is to the day after `now`, and no others."""
        self._held = {day: self._held.get(day) or powers(self._village, [day]) for day in self._days_until(now)}

    def _days_until(self, now: datetime) -> list[date]:
        """The days with profiles from where the village is to the day after `now`."""
        first, last = (at.astimezone(self._village.microgrid.zone).date() for at in (self._moment.at, now))
        return [day for day in self._days if first <= day <= last + timedelta(days=1)]

    def _wake_up(self, now: datetime) -> Moment:
        """Go on from the memory, or begin today as the replay would have left it; catch up with the intervals since.

        While nobody was awake the inverters followed the control rule by themselves.
        """
        kept = self._memory.load_state()
        if kept is not None and kept[0] > now:
            raise CannotLive(f"The clock shows {now:%Y-%m-%d %H:%M}, but the village has lived to {kept[0]:%Y-%m-%d %H:%M}.")
        at, state = kept or self._at_day_start(now)
        length_s = self._interval.total_seconds()
        last_end = datetime.fromtimestamp(now.timestamp() // length_s * length_s, UTC)
        zone = self._village.microgrid.zone
        while at < last_end:
            local_day = self._village.microgrid.local_day(at.astimezone(zone).date())
            until = min(local_day.end_at, last_end)
            loads, sources = self._powers_on(local_day.day)
            first = local_day.index_of(at)
            last = first + round((until - at) / self._interval)
            registers, state = simulate(self._village.plan, loads[:, first:last], sources[:, first:last], length_s / 3600, state)
            self._memory.keep(until, state, self._caught_up(registers, at))
            at = until
        return begin(self._village.plan, state, at)

    def _caught_up(self, registers: Registers, start_at: datetime) -> list[Reading]:
        length_s = int(self._interval.total_seconds())
        start_s = int(start_at.timestamp())
        return [
            Reading(meter.pk, name, start_s + i * length_s, int(row[i]), int(row[i + 1]))
            for name in CHANNELS
            for meter, row in zip(self._meters[name], getattr(registers, f"{name}_wh"), strict=True)
            for i in range(len(row) - 1)
        ]

    def _at_day_start(self, now: datetime) -> tuple[datetime, VillageState]:
        """The registers at the beginning of the local day, when the village lived by the rule since the first profile."""
        village, microgrid = self._village, self._village.microgrid
        today = now.astimezone(microgrid.zone).date()
        before = [day for day in self._days if day < today]
        state = VillageState.at_start(village.plan)
        for first in range(0, len(before), DAYS_AT_ONCE):
            part = before[first : first + DAYS_AT_ONCE]
            _, state = simulate(village.plan, *powers(village, part), microgrid.interval_minutes / 60, state)
        return microgrid.local_day(today).start_at, state
