"""``mainstay backup …``: take copies, prove them, read what became of it; the certificates and the recovery sheet."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.api.backup_rows import copy_row, copy_rows, job_row, job_rows, proof_row, proof_rows, sheet_row
from mainstay.backups import actions, paper, queries
from mainstay.backups.certificates import file_of
from mainstay.backups.models import Job
from mainstay.backups.signing import public_key
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.domain.certificate import key_id
from mainstay.monitoring.wording import format_value

WAIT = 0.5
"""Seconds between two looks at a job that is followed."""


class Act(StrEnum):
    """What can be done now."""

    BACKUP = "backup"
    FORWARD = "forward"
    CHECK = "check"
    PRUNE = "prune"


class Level(StrEnum):
    """Of a backup."""

    FULL = "full"
    INCREMENTAL = "incremental"


class Form(StrEnum):
    """How a certificate is given."""

    JSON = "json"
    PDF = "pdf"


OfPolicy = Annotated[str, typer.Argument(help="The policy as SYSTEM/NAME.")]
Text = Annotated[str, typer.Option(help="A number, or part of what it is about.")]
OnlyPolicy = Annotated[str, typer.Argument(help="Only this policy's, as SYSTEM/NAME.")]
Follow = Annotated[bool, typer.Option("--wait", help="Stay until it is over; exit code 2 when it failed.")]


def add(app: typer.Typer) -> None:
    """Put the commands into the group ``backup``."""
    for name, command in (
        ("run", run), ("prove", prove), ("jobs", jobs), ("job", job), ("list", copies), ("show", show),
        ("proofs", proofs), ("proof", proof), ("certificate", certificate), ("public-key", own_key),
        ("key-sheet", key_sheet),
    ):  # fmt: skip
        app.command(name)(command)


def run(
    policy: OfPolicy,
    act: Annotated[Act, typer.Option(help="backup, forward, check or prune.")] = Act.BACKUP,
    level: Annotated[Level, typer.Option(help="full or incremental.")] = Level.FULL,
    wait: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Do it now: the engine begins as soon as no other job of the policy runs."""
    with told(_absent(policy)):
        made = actions.ask(policy, act.value, level=level.value, actor=acting("backup.run"))
    _asked(made, wait=wait, as_json=as_json)


def prove(
    policy: OfPolicy,
    copy: Annotated[int, typer.Option(help="The copy's number; the newest when left out.")] = 0,
    wait: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Restore a copy into a scratch place and look it through. Exit code 2 with --wait when it is not proved."""
    with told(_absent(policy)):
        made = actions.ask_for_proof(policy, copy or None, actor=acting("backup.prove"))
    _asked(made, wait=wait, as_json=as_json)


def jobs(
    policy: OnlyPolicy = "",
    state: Annotated[str, typer.Option(help="waiting, running, done or failed.")] = "",
    text: Text = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Jobs, newest first."""
    sight = acting("backup.read").sight
    with told(_absent(policy)):
        found = queries.jobs(catalogue.policy(policy, sight) if policy else None, state, sight=sight, text=text)
    rows = [job_row(row) for row in found[:limit]]
    columns = ("id", "policy", "act", "level", "state", "stage", "percent", "started_at", "ended_at", "problem")
    print_rows(rows, columns, _("no job yet; mainstay backup run SYSTEM/POLICY"), as_json=as_json, count=found.count())


def job(number: Annotated[int, typer.Argument(help="The job's number.")], as_json: AsJson = False) -> None:
    """One job: how far it is, how long each step took, what happened."""
    with told(_("there is no job {number}").format(number=number)):
        row = queries.job(number, acting("backup.read").sight)
    if as_json:
        print_json(job_rows(row))
        return
    print(_sentence(row))
    print_rows(
        [{**one, "time": _long(one["ms"])} for one in row.report.get("steps", [])], ("step", "time"), "", as_json=False
    )
    for entry in row.story:
        more = ", ".join(f"{key}={value}" for key, value in entry.items() if key not in ("at", "word") and value)
        print(f"{entry['at'][:19]}  {_(entry['word'])}  {more}")


def copies(
    policy: OnlyPolicy = "",
    dropped: Annotated[bool, typer.Option(help="Those too that are not kept any more.")] = False,
    text: Text = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Copies, newest first."""
    sight = acting("backup.read").sight
    with told(_absent(policy)):
        of = catalogue.policy(policy, sight) if policy else None
    found = queries.copies(of, whole=dropped, sight=sight, text=text)
    rows = [copy_row(row) for row in found.prefetch_related("proofs")[:limit]]
    shown = rows if as_json else [{**row, "size": format_value(float(row["size"]), "B")} for row in rows]
    columns = ("id", "policy", "store", "level", "at", "size", "proved", "identifier")
    print_rows(
        shown, columns, _("no copy yet; mainstay backup run SYSTEM/POLICY"), as_json=as_json, count=found.count()
    )


def show(number: Annotated[int, typer.Argument(help="The copy's number.")], as_json: AsJson = False) -> None:
    """One copy, and what it must hold."""
    with told(_("there is no copy {number}").format(number=number)):
        row = copy_rows(queries.copy(number, acting("backup.read").sight))
    if as_json:
        print_json(row)
        return
    for name, value in {**row, **row.pop("fingerprint")}.items():
        if value not in (None, "", {}, []):
            print(f"{_(name.replace('_', ' '))}: {value}")


def proofs(
    policy: OnlyPolicy = "",
    verdict: Annotated[str, typer.Option(help="proved, failed or unproved.")] = "",
    text: Text = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Proofs, newest first."""
    sight = acting("backup.read").sight
    with told(_absent(policy)):
        found = queries.proofs(catalogue.policy(policy, sight) if policy else None, sight, verdict=verdict, text=text)
    rows = [proof_row(row) for row in found[:limit]]
    shown = rows if as_json else [{**row, "verdict": paper.verdict_word(row["verdict"])} for row in rows]
    columns = ("id", "policy", "copy_id", "store", "at", "verdict", "not_proved")
    print_rows(
        shown, columns, _("no proof yet; mainstay backup prove SYSTEM/POLICY"), as_json=as_json, count=found.count()
    )


def proof(number: Annotated[int, typer.Argument(help="The proof's number.")], as_json: AsJson = False) -> None:
    """One proof, gate by gate; exit code 2 when it was refuted, 1 when something could not be looked at."""
    with told(_absent_proof(number)):
        row = queries.proof(number, acting("backup.read").sight)
    if as_json:
        print_json(proof_rows(row))
    else:
        print(f"{_('proof')} {row.pk}: {paper.verdict_word(row.verdict)}")
        gates = [paper.gate_row(gate) for gate in row.gates]
        lines = [{"gate": one.title, "verdict": one.word, "remark": one.detail} for one in gates]
        print_rows(lines, ("gate", "verdict", "remark"), "", as_json=False)
        for name, value in paper.times(row.figures):
            print(f"{name}: {value}")
    raise typer.Exit({"proved": 0, "failed": 2}.get(row.verdict, 1))


def certificate(
    number: Annotated[int, typer.Argument(help="The proof's number.")],
    form: Annotated[Form, typer.Option("--format", help="json or pdf.")] = Form.JSON,
    out: Annotated[Path | None, typer.Option(help="Write it there.")] = None,
) -> None:
    """The signed certificate of a proof, as a file."""
    with told(_absent_proof(number)):
        row = queries.proof(number, acting("backup.read").sight)
        text = file_of(row)
        data = text.encode() if form is Form.JSON else paper.certificate_file(row, spoken())[0]
    if out is not None:
        out.write_bytes(data)
        print(_("written: {path}").format(path=out))
    elif form is Form.JSON:
        print(text, end="")
    else:
        fail(_("a terminal cannot show that; add --out FILE"))


def own_key(as_json: AsJson = False) -> None:
    """The public key that verifies this installation's certificates; give it to those who will ask."""
    acting("backup.read")
    key = public_key()
    print_one({"public_key": key, "id": key_id(key)}, f"{key}\n{key_id(key)}", as_json=as_json)


def key_sheet(policy: OfPolicy, as_json: AsJson = False) -> None:
    """The recovery sheet of a policy's copies: print it and put it away; it is on the record who had it."""
    who = acting("backup.key")
    with told(_absent(policy)):
        row = sheet_row(actions.key_sheet(catalogue.policy(policy, who.sight), actor=who))
    if as_json:
        print_json(row)
        return
    print(_("Recovery sheet of {policy}").format(policy=row["policy"]))
    print(_("Whoever has this key and a store can read every copy. Keep it where the copies are not."))
    print(f"{row['name']}={row['key']}")
    for one in row["repositories"]:
        print(f"{one['store']} ({one['kind']}): {one['identifier']}")
    print(_("Given back by: mainstay secret set {name}").format(name=row["name"]))


def _absent(policy: str) -> str:
    return _("there is no backup policy {name}; mainstay backup policies shows all").format(name=policy)


def _absent_proof(number: int) -> str:
    return _("there is no proof {number}").format(number=number)


def _asked(made: Job, *, wait: bool, as_json: bool) -> None:
    row = _over(made, quiet=as_json) if wait else made
    if as_json:
        print_json(job_row(row))
    else:
        print(_sentence(row))
    if wait and (row.state != "done" or row.report.get("verdict", "proved") != "proved"):
        raise typer.Exit(2)


def _over(made: Job, *, quiet: bool) -> Job:
    """The job when it is over; its progress is told on the way."""
    said = ""
    while (row := queries.job(made.pk)).state in ("waiting", "running"):
        words = _sentence(row)
        if words != said and not quiet:
            print(words, flush=True)
            said = words
        time.sleep(WAIT)
    return row


def _sentence(row: Job) -> str:
    what = f"{_('job')} {row.pk}: {_(row.act)} {row.policy}: {_(row.state)}"
    if (pace := queries.pace_of(row, datetime.now(UTC))) is not None:
        far = f" {pace.percent} %" if pace.percent is not None else ""
        end = f", {_('until')} {pace.end:%H:%M:%S} UTC" if pace.end else ""
        return f"{what}, {pace.stage}{far}{end}"
    if row.problem:
        return f"{what}: {row.problem['code']}: {row.problem['detail']}"
    verdict = row.report.get("verdict")
    return f"{what}: {paper.verdict_word(verdict)}" if verdict else what


def _long(milliseconds: Any) -> str:
    return format_value(float(milliseconds) / 1000, "s")
