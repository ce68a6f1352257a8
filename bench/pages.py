"""What each page of the web face costs in a workspace with a past: ``python -m bench.pages`` after ``bench.history``.

Every named route that answers a GET is asked for, with something of the workspace that is right for it filled in;
signed in, in this process, so that the time is the server's alone. Prints milliseconds and queries a page as JSON, and
ends with 1 for a route that has no sample here or none that is there.
"""

import json
import os
import re
import statistics
import sys
import time
from pathlib import PurePosixPath

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import URLPattern, get_resolver  # noqa: E402

from mainstay.backups.models import Copy, Proof, Restore  # noqa: E402
from mainstay.catalogue.actions import keep_outline  # noqa: E402
from mainstay.catalogue.models import Channel, Check  # noqa: E402
from mainstay.domain.actor import Actor, Role  # noqa: E402
from mainstay.domain.outline import Outline, Part  # noqa: E402
from mainstay.engine.wording_letters import score_link  # noqa: E402
from mainstay.help_desk.models import File, Ticket  # noqa: E402
from mainstay.incidents.actions import File as Sent  # noqa: E402
from mainstay.incidents.actions import note  # noqa: E402
from mainstay.incidents.models import Incident  # noqa: E402
from mainstay.inspection.models import Sheet  # noqa: E402
from mainstay.knowledge.models import Article  # noqa: E402
from mainstay.on_call.feeds import path  # noqa: E402
from mainstay.on_call.models import Feed, Handover  # noqa: E402
from mainstay.people.models import Person  # noqa: E402
from mainstay.plans.models import Drill  # noqa: E402
from mainstay.reviews.models import Action  # noqa: E402
from mainstay.runbooks.models import Proof as Evidence  # noqa: E402

TIMES, LONGEST = 5, 10.0
ANN = Actor("person:bench", Role.ADMINISTRATOR)
ELSEWHERE = (301, 302, 405, 410)
"""An act answers 405 to a GET, an address that leads to another page redirects, an invitation without one is gone."""


def main() -> None:
    who = _administrator()
    there = samples()
    found: dict[str, dict[str, float]] = {}
    failed = False
    for pattern in get_resolver().url_patterns:
        if not isinstance(pattern, URLPattern) or not pattern.name:
            continue
        address = filled(pattern.name, str(pattern.pattern), there)
        status = who.get(address).status_code if address else 404
        if status == 200 and address:
            found[pattern.name] = _cost(who, address)
        elif status not in ELSEWHERE:
            failed = True
            print(f"{pattern.name}: /{pattern.pattern} answered {status} with {address}", file=sys.stderr)
    print(json.dumps(found))
    if failed:
        sys.exit(1)


def _administrator() -> Client:
    person, _ = Person.objects.get_or_create(username="bench", defaults={"role": int(Role.ADMINISTRATOR)})
    who = Client(headers={"host": "127.0.0.1"})
    who.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = who.session
    session["proved_at"] = time.time()
    session.save()
    return who


Samples = dict[str, dict[str, str]]


def samples() -> Samples:
    """Route, its first word, or empty for all others → what each part of its address stands for."""
    incident = Incident.objects.latest("pk")
    check = Check.objects.filter(memberships__incident=incident).select_related("system").earliest("pk")
    charted = Check.objects.select_related("system").earliest("pk")  # it has samples
    sheet = Sheet.objects.filter(number__gt=0).latest("pk")
    file = note(incident.pk, "", files=[Sent("seen.txt", b"seen")], actor=ANN).attachments.get()
    part = Part(name="web", kind="http", pack="web-service", typed={"url": "https://shop.example.com/"})
    keep_outline(Outline(system="another", title="Another", parts=[part]), actor=ANN)
    number = {"number": str(sheet.pk)}
    copy, proof, restore = Copy.objects.latest("pk"), Proof.objects.latest("pk"), Restore.objects.latest("pk")
    job = copy.policy.jobs.filter(act="backup").latest("pk")
    return {
        "": {"name": check.system.name, "system": check.system.name, "number": "1", "text": "x"},
        "check": {"system": charted.system.name, "name": charted.name},
        "check_edit": {"system": charted.system.name, "name": charted.name},
        "incident": {"number": str(incident.pk)},
        "attachment": {"number": str(incident.pk), "file": str(file.pk)},
        "inspection": {**number, "place": "1"},
        "inspectionfile": {**number, "name": "sheet.html"},
        "startpart": {"name": part.name}, "start": {"name": part.name},
        "channel": {"name": Channel.objects.earliest("pk").name}, "help": {"name": "probes"},
        "person": {"username": "bench"},
        "backuppolicy": {"system": copy.policy.system.name, "name": copy.policy.name},
        "backupjob": {"number": str(job.pk)},
        "backupcopy": {"number": str(copy.pk)}, "copyfiles": {"number": str(copy.pk)},
        "backupproof": {"number": str(proof.pk)}, "backupcertificate": {"number": str(proof.pk), "form": "json"},
        "backuprestore": {"number": str(restore.pk)},
        "store": {"name": copy.repository.store.name},
        **_helped(),
    }  # fmt: skip


def _helped() -> Samples:
    """Of what people have written and asked."""
    ticket, article, proof = Ticket.objects.latest("pk"), Article.objects.latest("pk"), Evidence.objects.latest("pk")
    run, feed, over = proof.answer.step.run, Feed.objects.latest("pk"), Handover.objects.latest("pk")
    drill = Drill.objects.latest("pk")
    action = Action.objects.filter(state="open").latest("pk")
    file = {"number": str(File.objects.filter(message__ticket=ticket).latest("pk").pk)}
    book, public = {"name": run.version.runbook.name}, {"key": ticket.key}
    return {
        "desk": {"number": str(ticket.pk), "file": file["number"]}, "article": {"number": str(article.pk)},
        "review": {"number": str(action.review_id)}, "reviewpaper": {"number": str(action.review_id), "form": "html"},
        **{f"review-action-{act}": {"number": str(action.pk)} for act in ("change", "done", "accept")},
        "helpdesk-ticket": public, "helpdesk-file": public | file, "helpdesk-article": {"number": str(article.pk)},
        "helpdesk-score": {"token": score_link(ticket).rstrip("/").rpartition("/")[2]},
        "plan": {"name": drill.plan.name}, "planedit": {"name": drill.plan.name}, "drill": {"number": str(drill.pk)},
        "planfile": {"name": drill.plan.name, "form": "html"},
        "runbook": book, "runbookedit": book, "run": {"number": str(run.pk), "name": str(proof.pk)},
        "on-call-hand-over": {"number": str(over.pk)},
        "rotation": {"name": over.rotation},
        "on-call-feed": {"kind": feed.kind, "name": feed.name, "sign": PurePosixPath(path(feed)).stem},
    }  # fmt: skip


def filled(name: str, route: str, samples: Samples) -> str | None:
    """The address; None where nothing is known to fill in."""
    there = samples.get(name) or samples.get(name.split("-", maxsplit=1)[0]) or samples[""]
    wanted = re.findall(r"<\w+:(\w+)>", route)
    if not set(wanted) <= set(there):
        return None
    return "/" + re.sub(r"<\w+:(\w+)>", lambda part: there[part[1]], route)


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
        size = 0 if answer.streaming else len(answer.content)
    return {
        "ms": round(statistics.median(spent[1:]), 1),
        "cpu_ms": round(statistics.median(cpu[1:]), 1),
        "queries": len(queries),
        "kB": round(size / 1000, 1),
    }


if __name__ == "__main__":
    main()
