"""What people do with a sheet. Each act is authorised, carried out and audited in one transaction."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, authorise, person_name
from mainstay.domain.saying import say
from mainstay.domain.state import State
from mainstay.domain.trend import ABNORMAL
from mainstay.incidents.actions import open_for_check
from mainstay.inspection import queries
from mainstay.inspection.actions.telling import tell
from mainstay.inspection.models import Countersignature, Covered, Line, Remark, Sheet

LONGEST = 4000


class Illegal(ValueError):
    """The sheet's stage does not allow this; the message says what would."""


def remark(sheet_id: int, place: int, text: str, *, actor: Actor) -> Remark:
    """The inspector's word beside a line. Raises Sheet.DoesNotExist, Line.DoesNotExist, Illegal."""
    with transaction.atomic():
        sheet = _open(sheet_id, "inspection.remark", actor)
        if not text.strip():
            raise Illegal(say("a remark needs some text"))
        line = Line.objects.get(sheet=sheet, place=place)
        made = Remark.objects.create(line=line, at=datetime.now(UTC), actor=actor.name, text=text.strip()[:LONGEST])
        record(actor, "inspection.remark", queries.label(sheet), {"place": place, "text": made.text})
    return made


def raise_incident(sheet_id: int, place: int, text: str = "", *, actor: Actor) -> Line:
    """An abnormal line becomes an incident: the one that runs on its check, else a new one."""
    with transaction.atomic():
        sheet = _open(sheet_id, "inspection.raise", actor)
        line = Line.objects.select_related("check_of", "incident").get(sheet=sheet, place=place)
        if line.check_of is None or line.state == State.OK:
            raise Illegal(say("line %(place)s shows nothing abnormal; write a remark instead", place=place))
        if line.incident is not None and line.incident.state != "resolved":
            raise Illegal(say("line %(place)s is incident %(number)s already", place=place, number=line.incident.pk))
        note = f"{text.strip()} ({sheet})" if text.strip() else f"raised from the inspection of {sheet}"
        line.incident, new = open_for_check(line.check_of, line.state, note, actor=actor)
        line.save(update_fields=["incident"])
        data = {"place": place, "incident": line.incident.pk, "new": new}
        record(actor, "inspection.raise", queries.label(sheet), data)
    return line


def sign(sheet_id: int, words: str = "", *, actor: Actor) -> Sheet:
    """The person on duty stands for it. Raises Illegal while an abnormal line, one not seen among them, has neither an
    incident nor a remark: who signs has seen each of them."""
    with transaction.atomic():
        sheet = _open(sheet_id, "inspection.sign", actor)
        wrong = [row for row in queries.lines(sheet.pk) if row.state in ABNORMAL]
        if bare := [row.place for row in wrong if row.incident_id is None and not row.remarks.all()]:
            listed = ", ".join(map(str, bare[:10])) + (" …" if len(bare) > 10 else "")
            raise Illegal(
                say(
                    "abnormal and without a word: line %(lines)s; raise an incident or write a remark first",
                    lines=listed,
                )
            )
        return _end(sheet, "signed", words, "inspection.sign", actor)


def refuse(sheet_id: int, reason: str, *, actor: Actor) -> Sheet:
    """The person on duty does not stand for it; the reason is kept with the sheet. Another can be run by hand."""
    with transaction.atomic():
        sheet = _open(sheet_id, "inspection.refuse", actor)
        if not reason.strip():
            raise Illegal(say("say why it is refused"))
        return _end(sheet, "refused", reason, "inspection.refuse", actor)


def _end(sheet: Sheet, stage: str, words: str, act: str, actor: Actor) -> Sheet:
    rows = queries.lines(sheet.pk)
    if queries.measured(sheet, rows) != sheet.measured:
        raise Illegal(
            say("what was seen was changed after %(sheet)s was made; run another inspection", sheet=str(sheet))
        )
    sheet.stage, sheet.words = stage, words.strip()[:LONGEST]
    sheet.ended_at, sheet.ended_by = datetime.now(UTC), actor.name
    sheet.digest = queries.signed(sheet, rows)
    sheet.save(update_fields=["stage", "words", "ended_at", "ended_by", "digest"])
    data = {"sheet": str(sheet), "digest": sheet.digest, "words": sheet.words}
    record(actor, act, queries.label(sheet), data)
    tell(sheet, "inspection-done", sheet.ended_at, actor.name)
    return sheet


def countersign(system: str, year: int, week: int, text: str = "", *, actor: Actor) -> Countersignature:
    """An approver looked over the ISO week's signed sheets that nobody countersigned yet. Raises System.DoesNotExist,
    Illegal: four eyes are two people's."""
    authorise(actor, "inspection.countersign", system=system)
    with transaction.atomic():
        owner = System.objects.select_for_update(no_key=True).get(name=system)
        try:
            sheets = list(queries.week_of(system, year, week).filter(stage="signed", covered=None))
        except ValueError:
            raise Illegal(say("there is no week %(week)s in %(year)s", week=week, year=year)) from None
        if not sheets:
            raise Illegal(
                say(
                    "no signed sheet of %(system)s in %(week)s waits for a countersignature",
                    system=system,
                    week=f"{year}-W{week:02}",
                )
            )
        if own := [str(sheet) for sheet in sheets if sheet.ended_by == actor.name]:
            raise Illegal(
                say(
                    "%(name)s signed %(sheets)s; another must countersign the week",
                    name=person_name(actor.name),
                    sheets=", ".join(own[:5]),
                )
            )
        made = Countersignature.objects.create(
            system=owner, year=year, week=week, at=datetime.now(UTC), actor=actor.name, text=text.strip()[:LONGEST]
        )
        Covered.objects.bulk_create(Covered(sheet=sheet, countersignature=made) for sheet in sheets)
        data = {"week": f"{year}-W{week:02}", "text": made.text, "sheets": {str(one.pk): one.digest for one in sheets}}
        record(actor, "inspection.countersign", f"inspections {system}", data)
    return made


def _open(sheet_id: int, act: str, actor: Actor) -> Sheet:
    """The sheet, if the actor may do this on its system and it is not ended."""
    sheet = Sheet.objects.select_for_update(of=("self",)).select_related("system").get(pk=sheet_id)
    authorise(actor, act, system=sheet.system.name)
    if sheet.stage != "open":
        raise Illegal(say("%(sheet)s is signed or refused; nothing can be written on it any more", sheet=str(sheet)))
    return sheet
