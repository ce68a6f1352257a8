"""A letter to one person: the link with which he sets a password, by the mail server of an SMTP channel.

It goes out at once and is kept nowhere: an outbox would hold the link, and who reads the outbox would be the person.
"""

from typing import NamedTuple

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import override
from pydantic import ValidationError

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Channel
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say
from mainstay.drivers.channels import Message, Undelivered, smtp
from mainstay.people.models import Person
from mainstay.settings import BASE_URL, CONFIGURATION, NOTICE_NETWORK

TIMEOUT = 10.0
"""Seconds; somebody waits for the page."""


class Posted(NamedTuple):
    """Whether the letter is out. If not, ``link`` is to be shown, this once, to who asked for it."""

    sent: bool
    reason: str
    link: str | None


def post(person: Person, text: str, purpose: str) -> Posted:
    """Send the link ``text`` to a person; never raises for what a mail server does."""
    link = f"{BASE_URL}/invitation/{text}"
    channel = catalogue.mail_channel()
    if not person.email or channel is None:
        return Posted(False, say("no e-mail address is known") if channel else say("there is no SMTP channel"), link)
    try:
        smtp.send(_settings(channel, person.email), _message(person, text.partition("_")[0], link, purpose), TIMEOUT)
    except (Undelivered, Unfilled) as error:
        return Posted(False, str(error), link)
    except ValidationError:
        return Posted(False, say("the settings of the channel %(name)s do not fit", name=channel.name), link)
    return Posted(True, "", None)


def _settings(channel: Channel, address: str) -> smtp.Settings:
    return smtp.Settings.model_validate({**catalogue.channel_settings(channel), "to": [address]})


def _message(person: Person, number: str, link: str, purpose: str) -> Message:
    with override(person.language or CONFIGURATION.language):
        if purpose == "invitation":
            subject = _("Mainstay: you are invited")
            what = _("You are invited to Mainstay as %(name)s. Set your password here:") % {"name": person.username}
        else:
            subject = _("Mainstay: a new password")
            what = _("Set a new password for %(name)s in Mainstay here:") % {"name": person.username}
        end = _("The link is good once, for seven days. If you did not expect it, tell your administrator.")
    html = format_html('<p>{}</p><p><a href="{}">{}</a></p><p>{}</p>', what, link, link, end)
    key = f"link-{number}"
    return Message(key, key, subject, f"{what}\n\n{link}\n\n{end}\n", html, network=NOTICE_NETWORK)
