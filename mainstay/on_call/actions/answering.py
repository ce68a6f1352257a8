"""Answering a call by its link."""

from datetime import datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Incident
from mainstay.on_call.links import call_of
from mainstay.on_call.models import Call
from mainstay.people.models import Person
from mainstay.people.queries import actor_of


def acknowledge_by_link(text: str, now: datetime) -> Incident:
    """The call's person takes the incident on; the link is spent with it. Raises Call.DoesNotExist when it is no longer
    good, Denied when he may not acknowledge there, Illegal when the incident is not open."""
    with transaction.atomic():
        found = call_of(text, now)
        if found is None or not Call.objects.filter(pk=found.pk, used_at=None).update(used_at=now):
            raise Call.DoesNotExist
        person = Person.objects.filter(username=found.name, is_active=True).first()
        if person is None:
            raise Call.DoesNotExist
        who = actor_of(person)
        taken = incidents.acknowledge(found.incident_id, actor=who)
        record(who, "oncall.answer", f"incident {found.incident_id}", {"call": found.pk, "by": "link"})
    return taken
