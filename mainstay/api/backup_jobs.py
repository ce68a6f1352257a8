"""Backups that are taken, copies, proofs and their certificates."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import backup_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.backup_rows import copy_row, copy_rows, job_row, job_rows, proof_row, proof_rows, sheet_row
from mainstay.api.shapes import Body, Number, Page, Paging, Text, page
from mainstay.backups import actions, queries
from mainstay.backups.certificates import file_of
from mainstay.backups.paper import certificate_file
from mainstay.catalogue import queries as catalogue

router = Router(tags=["backups"])

NO_POLICY = {404: {"description": "no policy of that name"}}
CANNOT_PRINT = {409: {"description": "this machine cannot print it; detail says what to install"}}


class OfPolicy(Schema):
    """Only this policy's, as ``system/name``. ``text`` is a number, or part of what it is about."""

    policy: Text = ""
    text: Text = ""
    sort: Literal["newest", "oldest"] = "newest"


class WantedJobs(OfPolicy):
    """Which jobs."""

    state: Literal["", "waiting", "running", "done", "failed"] = ""
    act: Literal["", "backup", "forward", "prove", "check", "prune", "restore"] = ""


class WantedCopies(OfPolicy):
    """Which copies; those that were dropped too with ``dropped``."""

    dropped: bool = False
    sort: Literal["newest", "oldest", "largest"] = "newest"  # type: ignore[assignment]  # one more than of the others


class WantedProofs(OfPolicy):
    """Which proofs."""

    verdict: Literal["", "proved", "failed", "unproved"] = ""


class Run(Body):
    """What to do now with a policy's copies, as ``system/name``."""

    policy: Text
    act: Literal["backup", "forward", "check", "prune"] = "backup"
    level: Literal["full", "incremental"] = "full"


class Prove(Body):
    """Which copy to prove: the newest of the policy, or the one of that number."""

    policy: Text
    copy_id: int | None = Field(None, ge=1, le=2**63 - 1)


class Named(Body):
    """A policy, as ``system/name``."""

    policy: Text


class Printed(Schema):
    """In which form and language."""

    form: Literal["json", "pdf"] = "json"
    language: Literal["en", "zh", "zh-hant"] = "en"


@router.get("/backups/jobs", response=Page[answers.Job], **needs("backup.read", responses=NO_POLICY))
def list_backup_jobs(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedJobs]) -> Any:
    """The newest first, unless asked otherwise."""
    of = _policy(request, wanted.policy)
    found = queries.jobs(of, wanted.state, wanted.act, sight(request), text=wanted.text, sort=wanted.sort)
    return page(request, found, paging, job_row)


@router.post("/backups/jobs", response=answers.Job, **needs("backup.run"))
def run_backup(request: HttpRequest, body: Run) -> Any:
    """A job by hand; it begins as soon as no other job of the policy runs."""
    return job_row(actions.ask(body.policy, body.act, level=body.level, actor=actor(request)))


@router.get("/backups/jobs/{number}", response=answers.WholeJob, **needs("backup.read"))
def show_backup_job(request: HttpRequest, number: Number) -> Any:
    """How far it is, how long each step took, and what happened."""
    return job_rows(queries.job(number, sight(request)))


@router.get("/backups/copies", response=Page[answers.Copy], **needs("backup.read", responses=NO_POLICY))
def list_copies(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedCopies]) -> Any:
    """The newest first, unless asked otherwise."""
    found = queries.copies(
        _policy(request, wanted.policy), whole=wanted.dropped, sight=sight(request), text=wanted.text, sort=wanted.sort
    )
    return page(request, found.prefetch_related("proofs"), paging, copy_row)


@router.get("/backups/copies/{number}", response=answers.WholeCopy, **needs("backup.read"))
def show_copy(request: HttpRequest, number: Number) -> Any:
    """With its fingerprint."""
    return copy_rows(queries.copy(number, sight(request)))


@router.get("/backups/proofs", response=Page[answers.Proof], **needs("backup.read", responses=NO_POLICY))
def list_proofs(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedProofs]) -> Any:
    """The newest first, unless asked otherwise."""
    of, how = _policy(request, wanted.policy), {"text": wanted.text, "sort": wanted.sort}
    return page(request, queries.proofs(of, sight(request), verdict=wanted.verdict, **how), paging, proof_row)


@router.post("/backups/proofs", response=answers.Job, **needs("backup.prove"))
def prove_copy(request: HttpRequest, body: Prove) -> Any:
    """A job that restores a copy into a scratch place and looks it through."""
    return job_row(actions.ask_for_proof(body.policy, body.copy_id, actor=actor(request)))


@router.get("/backups/proofs/{number}", response=answers.WholeProof, **needs("backup.read"))
def show_proof(request: HttpRequest, number: Number) -> Any:
    """Gate by gate."""
    return proof_rows(queries.proof(number, sight(request)))


@router.get("/backups/proofs/{number}/certificate", **needs("backup.read", responses=CANNOT_PRINT))
def print_certificate(request: HttpRequest, number: Number, printed: Query[Printed]) -> HttpResponse:
    """As a file: JSON with its signature, to be verified anywhere; or PDF for people."""
    proof = queries.proof(number, sight(request))
    if printed.form == "json":
        headers = {"Content-Disposition": f'attachment; filename="certificate-{proof.pk}.json"'}
        return HttpResponse(file_of(proof), content_type="application/json", headers=headers)
    data, name = certificate_file(proof, printed.language)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@router.post("/backups/keys", response=answers.KeySheet, **needs("backup.key"))
def print_key_sheet(request: HttpRequest, body: Named) -> Any:
    """The recovery sheet of a policy's copies. It is on the record who had it."""
    return sheet_row(actions.key_sheet(catalogue.policy(body.policy, sight(request)), actor=actor(request)))


def _policy(request: HttpRequest, path: str) -> Any:
    return catalogue.policy(path, sight(request)) if path else None
