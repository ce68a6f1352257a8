"""The help desk: report, read, answer, sort, join, close."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import desk_answers as answers
from mainstay.api.attachments import SentFile
from mainstay.api.auth import actor, needs, sight
from mainstay.api.desk_rows import requirement_row, ticket_row, ticket_rows
from mainstay.api.knowledge_answers import Language
from mainstay.api.knowledge_rows import found_row
from mainstay.api.shapes import Body, Number, Page, Paging, Text, page
from mainstay.domain.actor import authorise, sight_for
from mainstay.domain.help_desk import FILES, LONGEST_TEXT
from mainstay.help_desk import actions, queries
from mainstay.knowledge import queries as knowledge
from mainstay.settings import BASE_URL

router = Router(tags=["help desk"])

Long = Annotated[Text, Field(max_length=LONGEST_TEXT)]


class Wanted(Schema):
    """Which tickets. ``open`` is all that is not closed; ``text`` a number, or part of a subject, address or name."""

    state: Literal["", "open", "new", "joined", "answered", "waiting", "closed"] = "open"
    system: Text = ""
    kind: Literal["", "fault", "question", "wish"] = ""
    text: Text = ""
    sort: Literal["newest", "oldest"] = "newest"


class Reported(Body):
    """What somebody reports; letters go to ``address`` in ``language``. Files are small, in base64."""

    kind: answers.KindName = "fault"
    title: Annotated[Text, Field(max_length=200)]
    text: Long
    system: Text = ""
    address: Annotated[Text, Field(max_length=254)] = ""
    name: Annotated[Text, Field(max_length=100)] = ""
    language: Language = "en"
    files: list[SentFile] = Field([], max_length=FILES)


class Answered(Body):
    """Words to its reporter. ``ask``: his answer is waited for; ``note``: for colleagues only."""

    text: Long
    ask: bool = Field(False, strict=True)
    note: bool = Field(False, strict=True)


class Sorted(Body):
    """What it really is, and which system it is about; an empty name for none. What is not said stays."""

    kind: answers.KindName | None = None
    system: Text | None = None


class Joined(Body):
    """An incident that runs; by default the worst of its system."""

    incident: int | None = None


class Closed(Body):
    """Last words to its reporter."""

    text: Long = ""


class Wished(Body):
    """A title for the requirement; by default the ticket's."""

    title: Annotated[Text, Field(max_length=200)] = ""


@router.get("/tickets", response=Page[answers.Ticket], **needs("desk.read"))
def list_tickets(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    return page(
        request, queries.tickets(**wanted.dict(), sight=sight_for(actor(request), "desk.read")), paging, ticket_row
    )


@router.post("/tickets", response=answers.TicketOpened, **needs("desk.open"))
def open_ticket(request: HttpRequest, body: Reported) -> Any:
    """In the name of a user. ``offered`` are articles that may answer him at once, ``page`` is for him alone."""
    files = [actions.Sent(one.name, one.content) for one in body.files]
    what = actions.Report(
        body.kind, body.title, body.text, body.system, body.address, body.name, body.language, files
    )  # fmt: skip
    made = actions.open_ticket(what, actor=actor(request), came_by="api")
    found = knowledge.offered(f"{body.title} {body.text}", knowledge.public(), body.language)
    row = {"page": f"{BASE_URL}/help-desk/of/{made.key}/", "offered": list(map(found_row, found))}
    return {**ticket_row(made), **row}


@router.get("/tickets/{number}", response=answers.WholeTicket, **needs("desk.read"))
def show_ticket(request: HttpRequest, number: Number) -> Any:
    found = queries.ticket(number, sight(request))
    authorise(actor(request), "desk.read", system=found.system.name if found.system else None)
    return ticket_rows(found, queries.messages(number), queries.deliveries(number))


@router.post("/tickets/{number}/answer", response=answers.Ticket, **needs("desk.answer"))
def answer_ticket(request: HttpRequest, number: Number, body: Answered) -> Any:
    if body.note:
        return ticket_row(actions.note(number, body.text, actor=actor(request)))
    return ticket_row(actions.answer(number, body.text, actor=actor(request), ask=body.ask))


@router.post("/tickets/{number}/sort", response=answers.Ticket, **needs("desk.sort"))
def sort_ticket(request: HttpRequest, number: Number, body: Sorted) -> Any:
    return ticket_row(actions.sort(number, actor=actor(request), kind=body.kind, system=body.system))


@router.post("/tickets/{number}/join", response=answers.Ticket, **needs("desk.join"))
def join_ticket(request: HttpRequest, number: Number, body: Joined) -> Any:
    return ticket_row(actions.join(number, body.incident, actor=actor(request)))


@router.post("/tickets/{number}/close", response=answers.Ticket, **needs("desk.close"))
def close_ticket(request: HttpRequest, number: Number, body: Closed) -> Any:
    """Its reporter is asked how content he is."""
    return ticket_row(actions.close(number, actor=actor(request), text=body.text))


@router.post("/tickets/{number}/wish", response=answers.Requirement, **needs("desk.wish"))
def make_requirement(request: HttpRequest, number: Number, body: Wished) -> Any:
    """A wish is kept as a requirement."""
    return requirement_row(actions.make_requirement(number, actor=actor(request), title=body.title))


@router.get("/requirements", response=Page[answers.Requirement], **needs("desk.read"))
def list_requirements(request: HttpRequest, paging: Query[Paging]) -> Any:
    return page(request, queries.requirements(sight_for(actor(request), "desk.read")), paging, requirement_row)
