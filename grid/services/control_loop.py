"""Control as a process of its own: ticks from memory, with nobody to wait for.

Five helpers live beside the ticks, each in a thread: the line to the broker (orders, acknowledgements, samples), the line to devices behind
links, the ear at Valkey, the teller of watchers, the clerk at the database. Any of these servers may be slow or gone: its helper waits, the ticks go on with what is
known, and what is written or told comes behind. ADR 15.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from redis.exceptions import RedisError

from energy.adapters.live_store import read_samples
from energy.selectors.live import readings_of
from grid.adapters.control_link import ControlLink, Hearing
from grid.adapters.live_push import keep_story, push_state
from grid.domain.control.command_life import Told, acknowledge
from grid.domain.control.state import Memory
from grid.selectors.control_layout import ControlLayout, LiveScene, lay_out
from grid.selectors.demand_requests import lay_requests
from grid.selectors.overrides import lay_over
from grid.selectors.readings import fresh_readings
from grid.selectors.run_limits import lay_runs
from grid.selectors.supply_limits import lay_supply_limits
from grid.services.control_clerk import Charge, Clerk
from grid.services.control_tick import Thought, order_of, think
from grid.services.link_line import LinkLine
from grid.services.observation import Judgement, weigh
from grid.services.tick_message import tell_tick
from grid.services.tick_records import state_of

log = logging.getLogger(__name__)
HELPER_PAUSE_S = 0.5
ESTIMATE_EVERY_S = 10.0
ESTIMATE_REST = 5.0


class Helper:
    """Something that is done again and again in a thread of its own, and may take as long as it takes."""

    def __init__(self, name: str, work: Callable[[], None], every_s: float) -> None:
        self._work, self._every_s = work, every_s
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopped.set()
        self._woken.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._work()
            except (RedisError, OSError) as problem:
                log.warning("%s: Valkey cannot be reached: %s", self._thread.name, problem)
                self._stopped.wait(HELPER_PAUSE_S)
            self._woken.wait(self._every_s)
            self._woken.clear()


class Post:
    """One microgrid as the loop keeps it between ticks."""

    def __init__(self, charge: Charge) -> None:
        self.layout: ControlLayout = charge.layout
        self.memory: Memory = charge.memory
        self.told: Told = charge.told
        self.tick = charge.first_tick
        self.scene: LiveScene | None = None
        self.judged: Judgement | None = None
        self.weighed_again_s = float("-inf")
        self.meter_ids = _meter_ids(charge.layout)
        self._began_s: float | None = None

    def begin(self, at_s: float) -> float:
        """Note that a tick begins; returns how long ago the one before did [s], 0 for the first."""
        before, self._began_s = self._began_s, at_s
        return 0.0 if before is None else at_s - before

    def take_over(self, charge: Charge) -> None:
        """A newer layout; memory and commands go on where the devices are the same."""
        if charge.layout is self.layout:
            return
        if charge.layout.identity != self.layout.identity:
            self.memory, self.told, self.judged = charge.memory, charge.told, None
        self.layout, self.meter_ids = charge.layout, _meter_ids(charge.layout)

    def judge(self, layout: ControlLayout, found: Judgement) -> None:
        """What weighing found, where it still is about the same sites."""
        if layout.identity == self.layout.identity:
            self.judged = found


def _meter_ids(layout: ControlLayout) -> list[int]:
    ids = {*layout.site_meters.tolist(), *layout.source_meters.tolist(), *layout.storage_meters.tolist()}
    return sorted(ids | set(layout.coupling_meters))


class ControlLoop:
    """Ticks of all microgrids that are ours, until stopped."""

    def __init__(self, *, real_clock: Callable[[], datetime], tick_s: float, identifier: str) -> None:
        self._real_clock, self._tick_s = real_clock, tick_s
        self.hearing = Hearing()
        self.clerk = Clerk(real_clock, time.monotonic)
        self.link = ControlLink(settings.MQTT_URL, identifier, self.hearing)
        self.doors = LinkLine(real_clock)
        self._ear = Helper("control-ear", self._listen_at_valkey, tick_s / 2)
        self._teller = Helper("control-teller", self._tell, 1.0)
        self._estimator = Helper("control-estimator", self._estimate, ESTIMATE_EVERY_S)
        self._to_tell: dict[UUID, dict[str, Any]] = {}
        self._stories: dict[UUID, dict[str, Any]] = {}
        self.posts: dict[int, Post] = {}
        self.stopped = threading.Event()
        self.longest_gap_s = 0.0

    def run(self) -> None:
        """Tick until stopped; a tick that comes late is not made up for, the next one knows better."""
        helpers = (self.clerk, self.link, self.doors, self._ear, self._teller, self._estimator)
        for helper in helpers:
            helper.start()
        following, last = time.monotonic(), time.monotonic()
        try:
            while not self.stopped.wait(max(following - time.monotonic(), 0.0)):
                began = time.monotonic()
                self.longest_gap_s, last = max(self.longest_gap_s, began - last), began
                self.tick_all()
                following = max(following + self._tick_s, time.monotonic() - self._tick_s)
        finally:
            for helper in (self._estimator, self._teller, self._ear, self.doors, self.link, self.clerk):
                helper.stop()

    def tick_all(self) -> None:
        """One tick of each microgrid; a failure in one does not reach the others."""
        self.hearing.know(self.clerk.keys)
        charges = self.clerk.charges
        acknowledged = self.link.take_acknowledged() | self.doors.take_acknowledged()
        for microgrid_id in list(self.posts):
            if microgrid_id not in charges:
                del self.posts[microgrid_id]
        for microgrid_id, charge in charges.items():
            post = self.posts.setdefault(microgrid_id, Post(charge))
            post.take_over(charge)
            try:
                self._tick(post, acknowledged)
            except Exception:
                log.exception("a tick of %s failed; the next one is tried", post.layout.microgrid.slug)

    def _tick(self, post: Post, acknowledged: set[str]) -> Thought | None:
        layout, microgrid = post.layout, post.layout.microgrid
        gap_s, now = post.begin(time.monotonic()), microgrid.now(self._real_clock())
        post.told = acknowledge(post.told, acknowledged)
        ours = [name for name in post.told.ids if name in acknowledged]
        if ours:
            self.clerk.acknowledge(microgrid, ours, now)
        live = fresh_readings(readings_of(self.hearing.of(post.meter_ids)), microgrid, now)
        scene = lay_out(layout, live)
        if not scene.readings.site_reports.any():
            return None
        ordered = lay_over(layout, self.clerk.overrides.get(microgrid.pk, ()), now)
        standing = self.clerk.plans.get(microgrid.pk)
        asked = lay_requests(layout, self.clerk.requests.get(microgrid.pk, ()), now)
        asked = lay_supply_limits(layout, self.clerk.limits.get(microgrid.pk, ()), asked)
        thought = think(
            layout,
            scene,
            None if standing is None else standing.targets_at(now),
            post.memory,
            post.told,
            now=now,
            at_s=time.monotonic(),
            overrides=ordered,
            requests=lay_runs(layout, self.clerk.runs.get(microgrid.pk, ()), now, asked),
            judged=post.judged,
            links=self.clerk.links.get(microgrid.pk, ()),
            real_now=self._real_clock(),
        )
        post.scene = scene
        self.link.send([order_of(layout, one) for one in thought.commands if not layout.has_link[one.place]])
        self.doors.send(layout, thought.commands)
        post.memory, post.told = thought.choice.memory, thought.told
        self.clerk.keep(thought, gap_s)
        state = state_of(thought)
        state.pk = post.tick  # about what the database will call it; it is stored behind the tick
        unseen = self.clerk.unseen.get(microgrid.pk, [0, 0, 0, 0])
        self._to_tell[microgrid.public_id] = tell_tick(thought, state, unseen)
        self._stories[microgrid.public_id] = self.clerk.stories.get(microgrid.pk, {})
        post.tick += 1
        self._teller.wake()
        return thought

    def _estimate(self) -> None:
        """What does not fit among the readings, weighed beside the ticks; where that takes long, the more seldom."""
        for post in list(self.posts.values()):
            layout, scene, began = post.layout, post.scene, time.monotonic()
            if scene is not None and began >= post.weighed_again_s:
                post.judge(layout, weigh(layout, scene))
                post.weighed_again_s = began + ESTIMATE_REST * (time.monotonic() - began)

    def _listen_at_valkey(self) -> None:
        """Samples that came by HTTP, through gateways or sealed are in Valkey only."""
        for microgrid_id in list(self.clerk.charges):
            for meter_id, sample in read_samples(microgrid_id).items():
                self.hearing.put(meter_id, sample)

    def _tell(self) -> None:
        while self._to_tell:
            public_id, message = self._to_tell.popitem()
            push_state(public_id, message)
            keep_story(public_id, self._stories.pop(public_id, {}))
