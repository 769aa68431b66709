"""Drills: an event is played on a simulated copy of the microgrid, and people are called as in earnest; nothing is switched."""

from datetime import datetime
from typing import Any

import numpy as np

from energy.models import Microgrid
from energy.selectors.live import live_readings
from grid.domain.control.drill_scenarios import SCENARIOS, play
from grid.domain.control.exercise import Exercise
from grid.domain.control.physical_microgrid import PhysicalMicrogrid, Plant
from grid.models import Emergency
from grid.selectors.control_layout import ControlLayout, LiveScene, lay_out, load_layout
from grid.selectors.readings import fresh_readings
from grid.services.control_tick import tick_settings
from grid.services.emergencies import CannotDrill, begin_drill
from members.models import User

USUAL_SUN, USUAL_DEMAND, USUAL_CHARGE = 0.4, 0.25, 0.5


def start_drill(*, microgrid: Microgrid, scenario: str, by: User, real_now: datetime) -> Emergency:
    """Play a scenario from the state of now on a simulated copy, and begin the drill with what it showed.

    Raises:
        CannotDrill: there is no such scenario, one runs, or there is a real emergency.
    """
    chosen = SCENARIOS.get(scenario)
    if chosen is None:
        raise CannotDrill("There is no such scenario.")
    now = microgrid.now(real_now)
    layout = load_layout(microgrid, now)
    scene = lay_out(layout, fresh_readings(live_readings(microgrid.pk), microgrid, now))
    outcome: dict[str, Any] = play(chosen, simulated_copy(layout, scene))
    return begin_drill(microgrid=microgrid, scenario=chosen.name, title=chosen.title, outcome=outcome, by=by, real_now=real_now)


def simulated_copy(layout: ControlLayout, scene: LiveScene) -> Exercise:
    """The microgrid's own storages, sources and loads as a simulation, at the state that is measured, or a usual one."""
    points = layout.points
    sites = len(layout.site_ids)
    plant = Plant(points, layout.storage_site, layout.source_site, layout.load_site, sites)
    giving = scene.source_w / np.maximum(points.source_capacity_w, 1.0)
    sun = np.clip(np.where(np.isnan(giving), USUAL_SUN, giving), 0.0, 1.0)
    drawn = np.where(np.isnan(scene.load_w), USUAL_DEMAND * points.load_most_w, scene.load_w)
    soc = scene.readings.soc_wh
    stored = np.where(np.isnan(soc), USUAL_CHARGE * points.limits.soc_max_wh, soc)
    settings = tick_settings(layout)
    return Exercise(PhysicalMicrogrid(plant, settings, stored, sun, drawn), settings)
