"""A site behind one switch: ``python -m bench.storm_site HOSTS HOOK`` fills $MAINSTAY_WORKSPACE and prints what opens
its doors; with ``count`` alone it prints what became of a storm there. As JSON."""

import json
import os
import sys
import time
from collections import Counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from mainstay.catalogue.models import Channel, Component, System  # noqa: E402
from mainstay.domain.actor import ENGINE, Role  # noqa: E402
from mainstay.incidents.models import Incident, Signal  # noqa: E402
from mainstay.notices.models import Delivery  # noqa: E402
from mainstay.people.actions import create_token  # noqa: E402
from mainstay.people.models import Person  # noqa: E402


def fill(hosts: int, hook: str) -> dict[str, str]:
    """A switch that all hosts need, a channel, a token for the alerts and a session for the pages."""
    call_command("migrate", verbosity=0)
    system = System.objects.create(name="site", title={"en": "Site"}, tier=1, document={"system": "site"})
    parts = Component.objects.bulk_create(
        Component(system=system, name=f"host-{number}" if number else "switch", kind="host")
        for number in range(hosts + 1)
    )
    link = Component.depends_on.through
    link.objects.bulk_create(link(from_component=part, to_component=parts[0]) for part in parts[1:])
    Channel.objects.create(name="team", kind="webhook", settings={"url": hook}, document={"language": "en"})
    _, token = create_token(name="bell", role=Role.OPERATOR, scopes=["alert.receive"], actor=ENGINE)
    person = Person.objects.create(username="bench", role=int(Role.OPERATOR))
    who = Client()
    who.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = who.session
    session["proved_at"] = time.time()
    session.save()
    return {"token": token, "session": str(session.session_key)}


def count() -> dict[str, Any]:
    """Incidents that run, and that ever were; alerts by what is known of them; deliveries by what became of them."""
    about = Signal.objects.filter(check_of__memberships__incident__state="open")
    rows = Delivery.objects.values_list("sent_at", "outcome")
    outcomes = Counter("sent" if sent else outcome.partition(" incident ")[0] or "waits" for sent, outcome in rows)
    return {
        "running": Incident.objects.exclude(state="resolved").count(),
        "ever": Incident.objects.count(),
        "signals": Signal.objects.count(),
        "in_incidents": about.values("pk").distinct().count(),
        "deliveries": [f"{word}: {n}" for word, n in sorted(outcomes.items())],
    }


if __name__ == "__main__":
    print(json.dumps(count() if sys.argv[1:] == ["count"] else fill(int(sys.argv[1]), sys.argv[2])))
