"""The API against its own OpenAPI document: made-up requests, as everybody; nothing may break or surprise."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings

from mainstay.api import auth
from mainstay.api.document import document
from mainstay.api.pace import Pace
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import Actor, Role
from mainstay.people.actions import create_token
from tests.faces.test_api import SYSTEM

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),  # served by ASGI where it matters
]
ROOT = Actor("test", Role.ADMINISTRATOR)
SCHEMA = schemathesis.openapi.from_dict(dict(document()))
SCHEMA.app = get_wsgi_application()
NOT_HERE = ("positive_data_acceptance",)
"""What fits the schema may still name a system that is not there, or an incident that is over."""


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """As Django's own test client does: the test's transaction outlives each request."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


GUESTS: dict[str, tuple[Role, dict[str, Role]]] = {
    "viewer": (Role.VIEWER, {}), "operator": (Role.OPERATOR, {}), "approver": (Role.APPROVER, {}),
    "fenced": (Role.NONE, {"shop": Role.OPERATOR}),
}  # fmt: skip
"""Those who may less than everything: by role, and one who sees a single system."""


def but(*names: str) -> list[Any]:
    """Checks of schemathesis that are left out."""
    return [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in names]


@pytest.fixture
def shop(db: Any, kept_connection: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KNOWN", "STRANGERS"):
        monkeypatch.setattr(auth, name, Pace(rate=1e6, burst=1e6))
    apply(examine({"shop.yaml": SYSTEM.encode()}).catalogue, actor=ROOT)


@pytest.fixture
def token(shop: None) -> str:
    return create_token(name="t", role=Role.ADMINISTRATOR, actor=ROOT)[1]


@pytest.fixture
def guests(shop: None) -> Iterator[str]:
    made = [create_token(name=name, role=role, systems=on, actor=ROOT)[1] for name, (role, on) in GUESTS.items()]
    return iter(made)


@SCHEMA.parametrize()
@settings(
    max_examples=4, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_every_answer_is_as_the_document_says(case: Any, token: str, guests: Iterator[str]) -> None:
    """To the administrator; the first requests of each operation are made by a guest each too, for making them up is
    what takes the time."""
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=but(*NOT_HERE))
    if guest := next(guests, ""):
        headers = {"Authorization": f"Bearer {guest}"}
        case.call_and_validate(headers=headers, excluded_checks=but(*NOT_HERE, "ignored_auth"))


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_what_may_be_refused_is_said(path: str) -> None:
    for operation in document()["paths"][path].values():
        assert {"401", "403", "429"} <= set(operation["responses"])
        assert "404" in operation["responses"] or not operation.get("parameters") or "{" not in path
