"""What became of backups: jobs with their progress, copies, proofs with their gates; and the acts on them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.backups import actions, paper, queries
from mainstay.backups.actions import keys
from mainstay.backups.certificates import file_of
from mainstay.backups.models import Copy, Job, Proof
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Policy
from mainstay.domain.proof import Verdict
from mainstay.domain.saying import said
from mainstay.drivers.pdf import Unprintable
from mainstay.monitoring.wording import language_of
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.live import live

STATES = ("waiting", "running", "done", "failed")
ACTS = ("backup", "forward", "prove", "check", "prune", "restore")
VERDICTS = tuple(one.value for one in Verdict)


@page("backup.read")
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs, searched, filtered, sorted and paged by the address."""
    wanted = {
        **_asked_for(request, queries.JOB_SORTS), "state": lists.chosen(request, "state", STATES),
        "act": lists.chosen(request, "act", ACTS),
    }  # fmt: skip
    found = queries.jobs(
        _wanted(request, wanted["policy"]), wanted["state"], wanted["act"], visible(request), text=wanted["text"],
        sort=wanted["sort"],
    )  # fmt: skip
    context = {
        "wanted": wanted, "states": STATES, "acts": ACTS, "policies": _policies(request),
        "sorts": tuple(queries.JOB_SORTS),
    }  # fmt: skip
    return render(request, "backupjobs.html", {**context, **lists.shown(request, found)})


@page("backup.read")
def job(request: HttpRequest, number: int) -> HttpResponse:
    """One job; while it runs, its progress refreshes by itself."""
    row: Job = or_404(lambda: queries.job(number, visible(request)))
    pace = queries.pace_of(row, datetime.now(UTC))
    context = {
        "job": row,
        "pace": pace,
        "proof": Proof.objects.filter(job=row).first(),
        "steps": row.report.get("steps", []),
    }
    return live(request, "backupjob", context)


@page("backup.read")
def copies(request: HttpRequest) -> HttpResponse:
    """All copies, searched, filtered, sorted and paged by the address."""
    wanted = {**_asked_for(request, queries.COPY_SORTS), "dropped": lists.chosen(request, "dropped", ("1",))}
    found = queries.copies(
        _wanted(request, wanted["policy"]), whole=bool(wanted["dropped"]), sight=visible(request), text=wanted["text"],
        sort=wanted["sort"],
    ).prefetch_related("proofs")  # fmt: skip
    context = {"wanted": wanted, "policies": _policies(request), "sorts": tuple(queries.COPY_SORTS)}
    return render(request, "backupcopies.html", {**context, **lists.shown(request, found)})


@page("backup.read")
def copy(request: HttpRequest, number: int) -> HttpResponse:
    """One copy: where it lies, what it must hold, its proofs."""
    row: Copy = or_404(lambda: queries.copy(number, visible(request)))
    system = row.policy.system.name
    context = {
        "copy": row, "proofs": row.proofs.all(), "twins": row.forwarded.select_related("repository__store"),
        "rows": sorted((row.fingerprint.get("rows") or {}).items()),
        "totals": (row.fingerprint.get("totals") or {}).items(),
        "files": (row.fingerprint.get("files") or {}).items(), "may_prove": may(request, "backup.prove", system),
        "may_restore": may(request, "backup.restore", system),
    }  # fmt: skip
    return render(request, "backupcopy.html", context)


@page("backup.read")
def proofs(request: HttpRequest) -> HttpResponse:
    """All proofs, searched, filtered, sorted and paged by the address."""
    wanted = {**_asked_for(request, queries.PROOF_SORTS), "verdict": lists.chosen(request, "verdict", VERDICTS)}
    found = queries.proofs(
        _wanted(request, wanted["policy"]), visible(request), verdict=wanted["verdict"], text=wanted["text"],
        sort=wanted["sort"],
    )  # fmt: skip
    context = {
        "wanted": wanted, "verdicts": VERDICTS, "policies": _policies(request), "sorts": tuple(queries.PROOF_SORTS),
    }  # fmt: skip
    return render(request, "backupproofs.html", {**context, **lists.shown(request, found)})


@page("backup.read")
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """One proof, gate by gate."""
    row: Proof = or_404(lambda: queries.proof(number, visible(request)))
    return render(request, "backupproof.html", {"proof": row, "paper": paper.certificate_of(row)})


@page("backup.read")
def certificate(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """The certificate as ``json`` or ``pdf``."""
    row: Proof = or_404(lambda: queries.proof(number, visible(request)))
    if form == "json":
        data, name, kind = file_of(row).encode(), f"certificate-{row.pk}.json", "application/json"
    elif form == "pdf":
        kind = "application/pdf"
        try:
            data, name = paper.certificate_file(row, language_of(get_language()))
        except Unprintable as error:
            return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    else:
        raise Http404
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@page("backup.run")
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """A job by hand."""
    path, act = request.POST.get("policy", ""), request.POST.get("act", "backup")
    level = request.POST.get("level", "full")
    if act not in ("backup", "forward", "check", "prune") or level not in ("full", "incremental"):
        raise Http404
    return _asked(request, lambda: actions.ask(path, act, level=level, actor=actor(request)))  # type: ignore[arg-type]  # looked at above


@page("backup.prove")
@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """A proof by hand."""
    path, number = request.POST.get("policy", ""), request.POST.get("copy", "")
    if number and not number.isdecimal():
        raise Http404
    return _asked(request, lambda: actions.ask_for_proof(path, int(number) if number else None, actor=actor(request)))


@page("backup.key")
@require_POST
def key_sheet(request: HttpRequest) -> HttpResponse:
    """The recovery sheet, to be printed. It is kept nowhere."""
    found: Policy = or_404(lambda: catalogue.policy(request.POST.get("policy", ""), visible(request)))
    try:
        sheet = actions.key_sheet(found, actor=actor(request))
    except keys.KeyLost as error:
        messages.error(request, said(error, _))
        return redirect("backupjobs")
    answer = render(request, "backupkey.html", {"sheet": sheet})
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(request: HttpRequest, work: Callable[[], Job]) -> HttpResponse:
    made: list[Job] = []
    try:
        attempt(request, lambda: made.append(work()), _("It is asked for."))
    except ObjectDoesNotExist:
        raise Http404 from None
    return redirect("backupjob", made[0].pk) if made else redirect("backupjobs")


def _asked_for(request: HttpRequest, sorts: Mapping[str, Any]) -> dict[str, str]:
    """What every list of backups can be asked for."""
    return {
        "policy": request.GET.get("policy", "")[:130], "text": lists.words(request),
        "sort": lists.chosen(request, "sort", sorts, "newest"),
    }  # fmt: skip


def _wanted(request: HttpRequest, path: str) -> Policy | None:
    """The policy of that name; None for all. 404 for one that is not there."""
    found: Policy | None = or_404(lambda: catalogue.policy(path, visible(request))) if path else None
    return found


def _policies(request: HttpRequest) -> list[Policy]:
    return list(catalogue.policies(sight=visible(request)))
