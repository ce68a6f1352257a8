"""What each page of the web face costs in a workspace with a past: ``python -m bench.pages`` after ``bench.history``.

Every named route that answers a GET is asked for, with a system, a check and an incident of the workspace filled in;
signed in, in this process, so that the time is the server's alone. Prints milliseconds and queries a page as JSON.
"""

import json
import os
import statistics
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import URLPattern, get_resolver  # noqa: E402

from mainstay.catalogue.models import Check  # noqa: E402
from mainstay.domain.actor import Role  # noqa: E402
from mainstay.incidents.models import Incident  # noqa: E402
from mainstay.people.models import Person  # noqa: E402

TIMES, LONGEST = 5, 10.0


def main() -> None:
    who = _administrator()
    samples = _samples()
    found: dict[str, dict[str, float]] = {}
    for pattern in get_resolver().url_patterns:
        if not isinstance(pattern, URLPattern) or not pattern.name:
            continue
        address = _filled(str(pattern.pattern), pattern.pattern.converters, samples)
        if address is None:
            print(f"{pattern.name}: nothing here to fill in /{pattern.pattern} with", file=sys.stderr)
        elif who.get(address).status_code == 200:  # an act answers 405, a redirection leads to another page
            found[pattern.name] = _cost(who, address)
    print(json.dumps(found))


def _administrator() -> Client:
    person, _ = Person.objects.get_or_create(username="bench", defaults={"role": int(Role.ADMINISTRATOR)})
    who = Client(headers={"host": "127.0.0.1"})
    who.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return who


def _samples() -> dict[tuple[str, str], str]:
    """What a route's parts stand for, by converter and name: the newest incident, and a check that is in it."""
    incident = Incident.objects.latest("pk")
    check = Check.objects.filter(memberships__incident=incident).select_related("system").earliest("pk")
    return {
        ("SlugConverter", "name"): check.system.name,
        ("SlugConverter", "system"): check.system.name,
        ("StringConverter", "name"): check.name,
        ("StringConverter", "check"): check.name,
        ("IntConverter", "number"): str(incident.pk),
    }


def _filled(route: str, converters: dict[str, Any], samples: dict[tuple[str, str], str]) -> str | None:
    for name, converter in converters.items():
        sample = samples.get((type(converter).__name__, name))
        if sample is None:
            return None
        for written in (f"<{name}>", f"<slug:{name}>", f"<str:{name}>", f"<int:{name}>"):
            route = route.replace(written, sample)
    return "/" + route


def _cost(who: Client, address: str) -> dict[str, float]:
    """The medians of five, or of as many as go into LONGEST, after one to warm up; the queries of one. CPU is what a
    busy machine leaves alone."""
    spent, cpu = [], []
    while len(spent) < 2 or (len(spent) <= TIMES and sum(spent) < LONGEST * 1000):
        began, worked = time.perf_counter(), time.process_time()
        who.get(address)
        spent.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    with CaptureQueriesContext(connection) as queries:
        answer = who.get(address)
    return {
        "ms": round(statistics.median(spent[1:]), 1),
        "cpu_ms": round(statistics.median(cpu[1:]), 1),
        "queries": len(queries),
        "kB": round(len(answer.content) / 1000, 1),
    }


if __name__ == "__main__":
    main()
