"""Why an incident came about: all that is on record, gathered; and what was deployed, as those tell who did it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Query, Router, Schema

from mainstay.api import diagnosis_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.diagnosis_rows import deployment_row, diagnosis_row
from mainstay.api.shapes import Body, Moment, Number, Page, Paging, Text, page
from mainstay.diagnosis import actions, queries
from mainstay.incidents import queries as incidents
from mainstay.monitoring.wording import language_of

router = Router(tags=["diagnosis"])

Short = Annotated[Text, Field(max_length=500)]


class DeploymentsOf(Schema):
    """Of which system; all when left out."""

    system: Text = ""


class Deployed(Body):
    """A version of a component was put to work; ``at``: now when left out. Told again with the same ``key``, such as
    the number of a pipeline, it is the same deployment."""

    system: Text
    component: Text
    version: Annotated[Text, Field(max_length=100)]
    at: Moment | None = None
    note: Short = ""
    url: Short = ""
    key: Annotated[Text, Field(max_length=200)] = ""


@router.get("/incidents/{number}/diagnosis", response=answers.Diagnosis, **needs("incident.read"))
def diagnose_incident(request: HttpRequest, number: Number) -> Any:
    """The likely root with its reasons, the series that moved, what happened, logs and slow SQL as they were when it
    began, who uses it, past incidents like it, articles, emergency plans, runbooks, vendors."""
    found, language = incidents.incident(number, sight(request)), language_of(get_language())
    return diagnosis_row(queries.diagnosis(found, language, datetime.now(UTC), sight(request)), language)


@router.get("/deployments", response=Page[answers.Deployment], **needs("catalogue.read"))
def list_deployments(request: HttpRequest, paging: Query[Paging], wanted: Query[DeploymentsOf]) -> Any:
    """The newest first."""
    return page(request, queries.deployments(wanted.system, sight(request)), paging, deployment_row)


@router.post("/deployments", response=answers.Deployment, **needs("deployment.tell"))
def tell_deployment(request: HttpRequest, body: Deployed) -> Any:
    """For who builds and delivers: a deployment stands in the diagnosis of every incident after it."""
    return deployment_row(actions.tell_deployment(**body.dict(), actor=actor(request)))
