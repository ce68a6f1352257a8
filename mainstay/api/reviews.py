"""Reviews of incidents: find, read, write, hold, close; and the actions that follow from them and from drills: agree,
change, end."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import review_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.inspections import CANNOT_PRINT
from mainstay.api.knowledge_answers import Article, Language
from mainstay.api.knowledge_rows import article_row
from mainstay.api.review_rows import action_row, review_row, review_rows
from mainstay.api.shapes import Body, Day, Number, Page, Paging, Text, page
from mainstay.domain.review import MOST_WHYS
from mainstay.reviews import actions, queries
from mainstay.reviews.actions.writing import LONGEST
from mainstay.reviews.paper import document

router = Router(tags=["reviews"])

Line = Annotated[Text, Field(max_length=500)]
Long = Annotated[Text, Field(max_length=LONGEST)]


class ReviewsWanted(Schema):
    """Which reviews. ``text`` is an incident's number, or words of its title."""

    state: Literal["", "open", "held", "closed"] = ""
    system: Text = ""
    text: Text = ""
    sort: Literal["newest", "oldest"] = "newest"


class ActionsWanted(Schema):
    """Which actions; ``undone`` are open ones and those opened again."""

    state: Literal["", "undone", "open", "done", "reopened"] = ""
    owner: Text = ""
    system: Text = ""
    text: Text = ""
    sort: Literal["due", "newest"] = "due"


class ReviewWritten(Body):
    """What is given is changed, the rest stays."""

    whys: list[Line] | None = Field(None, max_length=MOST_WHYS)
    cause: answers.CauseName | None = None
    well: Long | None = None
    badly: Long | None = None
    nothing: Long | None = Field(None, description="why no action is needed")


class ReviewHeld(Body):
    """When, today by default, and who was there."""

    day: Day | None = None
    present: Line = ""


class ReviewReason(Body):
    """Why."""

    reason: Line


class ReviewArticle(Body):
    """The language of the draft."""

    language: Language = "en"


class ActionAgreed(Body):
    """What is to be done, by whom, and by when."""

    title: Annotated[Text, Field(max_length=300)]
    owner: Annotated[Text, Field(max_length=150)]
    due: Day


class ActionChanged(Body):
    """Another owner, another day, and why."""

    owner: Annotated[Text, Field(max_length=150)] | None = None
    due: Day | None = None
    reason: Line


class ActionEnded(Body):
    """``proof`` names the check or rule (system/check) or the runbook, or says who was trained in what."""

    ending: Literal["check", "rule", "runbook", "training"]
    proof: Line


class RiskAccepted(Body):
    """Why nothing is done, and until when somebody answers for that."""

    reason: Line
    until: Day


class ReviewPrinted(Schema):
    """As what, and in which language."""

    form: Literal["pdf", "html"] = "pdf"
    language: Language = "en"


@router.get("/reviews", response=Page[answers.Review], **needs("review.read"))
def list_reviews(request: HttpRequest, paging: Query[Paging], wanted: Query[ReviewsWanted]) -> Any:
    return page(request, queries.reviews(**wanted.dict(), sight=sight(request)), paging, review_row)


@router.post("/incidents/{number}/review", response=answers.Review, **needs("review.open"))
def open_review(request: HttpRequest, number: Number) -> Any:
    """Of an incident that is over; level 1 and 2 are reviewed without being asked for."""
    return review_row(actions.open_by_hand(number, actor=actor(request)))


@router.get("/reviews/{number}", response=answers.WholeReview, **needs("review.read"))
def show_review(request: HttpRequest, number: Number) -> Any:
    return review_rows(queries.review(number, sight(request)), queries.actions_of(number))


@router.get("/reviews/{number}/print", **needs("review.read", responses=CANNOT_PRINT))
def print_review(request: HttpRequest, number: Number, printed: Query[ReviewPrinted]) -> HttpResponse:
    """As PDF, or as HTML to print."""
    found = document(queries.review(number, sight(request)), printed.form, printed.language)
    return HttpResponse(
        found.data, content_type=found.kind, headers={"Content-Disposition": f'attachment; filename="{found.name}"'}
    )


@router.post("/reviews/{number}/write", response=answers.Review, **needs("review.write"))
def write_review(request: HttpRequest, number: Number, body: ReviewWritten) -> Any:
    return review_row(actions.write(number, **body.dict(), actor=actor(request)))


@router.post("/reviews/{number}/hold", response=answers.Review, **needs("review.hold"))
def hold_review(request: HttpRequest, number: Number, body: ReviewHeld) -> Any:
    return review_row(actions.hold(number, day=body.day, present=body.present, actor=actor(request)))


@router.post("/reviews/{number}/close", response=answers.Review, **needs("review.close"))
def close_review(request: HttpRequest, number: Number) -> Any:
    """Needs the kind of the cause, a why, and an action or why there is none."""
    return review_row(actions.close(number, actor=actor(request)))


@router.post("/reviews/{number}/reopen", response=answers.Review, **needs("review.reopen"))
def reopen_review(request: HttpRequest, number: Number, body: ReviewReason) -> Any:
    return review_row(actions.reopen(number, reason=body.reason, actor=actor(request)))


@router.post("/reviews/{number}/article", response=Article, **needs("article.write"))
def draft_review_article(request: HttpRequest, number: Number, body: ReviewArticle) -> Any:
    """A draft for the knowledge base with the facts, the causes and what is done against them."""
    return article_row(actions.draft_article(number, body.language, actor=actor(request)))


@router.post("/reviews/{number}/act", response=answers.ReviewAction, **needs("review.act"))
def add_action(request: HttpRequest, number: Number, body: ActionAgreed) -> Any:
    return action_row(
        actions.add_action(number, body.title, owner=body.owner, due=body.due, actor=actor(request))
    )  # fmt: skip


@router.get("/actions", response=Page[answers.ReviewAction], **needs("review.read"))
def list_actions(request: HttpRequest, paging: Query[Paging], wanted: Query[ActionsWanted]) -> Any:
    return page(request, queries.actions(**wanted.dict(), sight=sight(request)), paging, action_row)


@router.post("/actions/{number}/change", response=answers.ReviewAction, **needs("review.act"))
def change_action(request: HttpRequest, number: Number, body: ActionChanged) -> Any:
    changed = actions.change_action(number, owner=body.owner, due=body.due, reason=body.reason, actor=actor(request))
    return action_row(changed)


@router.post("/actions/{number}/end", response=answers.ReviewAction, **needs("review.end"))
def end_action(request: HttpRequest, number: Number, body: ActionEnded) -> Any:
    """As a check, a rule, an edited runbook or a training; what is named must be there."""
    return action_row(actions.end_action(number, ending=body.ending, proof=body.proof, actor=actor(request)))


@router.post("/actions/{number}/accept", response=answers.ReviewAction, **needs("review.accept"))
def accept_risk(request: HttpRequest, number: Number, body: RiskAccepted) -> Any:
    """By an approver other than the owner, for a time."""
    return action_row(actions.accept_risk(number, reason=body.reason, until=body.until, actor=actor(request)))
