"""The API against its own OpenAPI document: made-up requests, as an administrator; nothing may break or surprise."""

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


@pytest.fixture
def token(db: Any, kept_connection: None, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("KNOWN", "STRANGERS"):
        monkeypatch.setattr(auth, name, Pace(rate=1e6, burst=1e6))
    apply(examine({"shop.yaml": SYSTEM.encode()}).catalogue, actor=ROOT)
    return create_token(name="t", role=Role.ADMINISTRATOR, actor=ROOT)[1]


@SCHEMA.parametrize()
@settings(
    max_examples=12, deadline=None, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_every_answer_is_as_the_document_says(case: Any, token: str) -> None:
    left_out = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in NOT_HERE]
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=left_out)
