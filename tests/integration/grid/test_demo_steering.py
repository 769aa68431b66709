"""What the demo asks for so that a newcomer sees the grid being steered: a car and an event, each once."""

from datetime import timedelta

import pytest

import microgrid_site.demo.cooperative
from energy.models import Consumer
from energy.models.assets import ConsumerKind
from grid.models import DemandProgramme, DemandResponse
from microgrid_site.demo.cooperative import HELD_TO_PERCENT, invite_to_programme
from microgrid_site.demo.steering import ask_for_steering
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db


def test_a_car_is_asked_for_and_an_event_is_called_once(microgrid, household, operator):
    member = household.memberships.get().member
    site = member.sites.filter(microgrid=microgrid).order_by("code").first()
    car = Consumer.objects.create(site=site, code="box", kind=ConsumerKind.CAR_CHARGER, max_demand_w=3700, priority_tier=4)
    programme = invite_to_programme(microgrid, SHOWN_NOW)
    assert programme.load_limit_percent == HELD_TO_PERCENT
    asked = ask_for_steering(microgrid, programme, SHOWN_NOW)
    assert asked.run is not None and asked.event is not None
    assert (asked.run.consumer, asked.run.energy_wh) == (car, 11_100)
    assert SHOWN_NOW < asked.event.start_at < SHOWN_NOW + timedelta(days=1, hours=3)
    assert DemandResponse.objects.filter(event=asked.event, site=site).exists()
    again = ask_for_steering(microgrid, programme, SHOWN_NOW)
    assert (again.run, again.event, again.text) == (None, None, "asked for already")


def test_where_nobody_has_a_car_or_calls_events_nothing_is_asked_for(microgrid, household):
    programme = invite_to_programme(microgrid, SHOWN_NOW)
    asked = ask_for_steering(microgrid, programme, SHOWN_NOW)
    assert (asked.run, asked.event) == (None, None)


def test_a_programme_cut_off_before_its_consents_leaves_no_trace(microgrid, household, monkeypatch):
    def cut(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as power:
        power.setattr(microgrid_site.demo.cooperative, "give_consent", cut)
        with pytest.raises(KeyboardInterrupt):
            invite_to_programme(microgrid, SHOWN_NOW)
    assert not DemandProgramme.objects.filter(microgrid=microgrid).exists()
    assert invite_to_programme(microgrid, SHOWN_NOW).consents.exists()
