"""Passkeys: what is asked of a browser, and whether its answer is right (WebAuthn level 2). Nothing is kept here.

A passkey is asked to know its owner (by finger, face or PIN) and to be found without a name, so that it is two factors
by itself.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from mainstay.domain.saying import say
from mainstay.people.actions.refusal import Refused
from mainstay.people.models import Person
from mainstay.settings import BASE_URL

Answer = Mapping[str, Any]
"""What the browser sends: PublicKeyCredential.toJSON()."""


class Question(NamedTuple):
    """``options`` go to the browser, ``state`` waits in the session until it answers."""

    options: dict[str, Any]
    state: dict[str, Any]


class Made(NamedTuple):
    """A new passkey."""

    credential: bytes
    credential_id: bytes
    signs: int


def possible() -> bool:
    """Browsers keep passkeys for names only, reached by HTTPS; and for localhost."""
    parts = urlsplit(BASE_URL)
    host = parts.hostname or ""
    is_name = not host.replace(".", "").isdecimal() and ":" not in host
    return is_name and (parts.scheme == "https" or host == "localhost")


def _server() -> Fido2Server:
    parts = urlsplit(BASE_URL)
    party = PublicKeyCredentialRpEntity(name="Mainstay", id=parts.hostname or "localhost")
    return Fido2Server(party, verify_origin=lambda origin: origin == f"{parts.scheme}://{parts.netloc}")


def ask_new(person: Person, known: list[bytes]) -> Question:
    """For a new passkey; ``known`` credentials of this person are on a device already."""
    user = PublicKeyCredentialUserEntity(
        id=person.pk.to_bytes(8, "big"), name=person.username, display_name=person.username
    )
    options, state = _server().register_begin(
        user,
        [AttestedCredentialData(one) for one in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Question(dict(options), state)


def made(state: dict[str, Any], answer: Answer) -> Made:
    """Raises Refused."""
    try:
        found = _server().register_complete(state, answer)
        credential = found.credential_data
        assert credential is not None  # noqa: S101 - the library looked
    except Exception:  # a hostile answer breaks its parser in many ways
        raise Refused(say("the passkey's answer is not right; try again")) from None
    return Made(bytes(credential), credential.credential_id, found.counter)


def ask_known() -> Question:
    """For any passkey of this Mainstay; it tells by itself whose it is."""
    options, state = _server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return Question(dict(options), state)


def credential_id(answer: Answer) -> bytes:
    """Which passkey answers. Raises Refused."""
    try:
        return websafe_decode(str(answer["rawId"]))
    except (KeyError, TypeError, ValueError):
        raise Refused(say("this is no passkey's answer")) from None


def verify(state: dict[str, Any], answer: Answer, credential: bytes) -> int:
    """The passkey's count of signatures, once its signature is found right. Raises Refused."""
    try:
        _server().authenticate_complete(state, [AttestedCredentialData(credential)], answer)
        return AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except Exception:  # a hostile answer breaks its parser in many ways
        raise Refused(say("the passkey's answer is not right; try again")) from None
