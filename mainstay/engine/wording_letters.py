"""Letters to reporters in words, in their language. What a stranger wrote is never said back: nobody sends his words to
others under our name."""

from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mainstay.catalogue import queries as catalogue
from mainstay.domain.help_desk import label
from mainstay.help_desk import queries
from mainstay.help_desk.models import Message, Ticket
from mainstay.knowledge import queries as knowledge
from mainstay.notices.models import Delivery
from mainstay.settings import BASE_URL

SALT = "help-desk-score"
"""Of the link by which a reporter says how content he is."""


@dataclass(slots=True)
class Letter:
    """Its subject, and its paragraphs: words, and where one leads, its address."""

    subject: str
    parts: list[tuple[str, str]] = field(default_factory=list)

    def say(self, words: str, link: str = "") -> None:
        self.parts.append((words, link))

    @property
    def text(self) -> str:
        return "\n\n".join(f"{words}\n{link}".strip() for words, link in self.parts) + "\n"

    @property
    def html(self) -> SafeString:
        rows = (
            (format_html_join(SafeString("<br>"), "{}", ((line,) for line in words.split("\n"))), _anchor(link))
            for words, link in self.parts
        )
        return format_html("<!doctype html><html><body>{}</body></html>", format_html_join("", "<p>{}{}</p>", rows))


def _anchor(link: str) -> SafeString:
    return format_html('<br><a href="{}">{}</a>', link, link) if link else SafeString("")


def letter(delivery: Delivery, language: str) -> Letter:
    """The letter as things stand now, in the active language. KeyError for a word that no letter has."""
    ticket = queries.ticket(delivery.notice.data["ticket"])
    data = delivery.notice.data
    write = {
        "ticket-received": _received, "ticket-answered": _answered, "ticket-progress": _progress,
        "ticket-closed": _closed,
    }[delivery.notice.word]  # fmt: skip
    made = write(ticket, data, language)
    made.subject = f"[{label(ticket.pk)}] {made.subject}"
    return made


def _received(ticket: Ticket, _data: dict[str, Any], language: str) -> Letter:
    made = Letter(_("We have your report"))
    made.say(_("We have your report. Its number is %(number)s.") % {"number": label(ticket.pk)})
    if ticket.incident_id:
        made.say(_("It is part of a fault that we know of and are working on. You will hear from us when it is over."))
    first = Message.objects.filter(ticket=ticket, word="said").order_by("pk").first()
    asked = f"{ticket.subject} {first.text[:500] if first else ''}"
    if offered := knowledge.offered(asked, knowledge.public(), language):
        made.say(_("Perhaps this helps at once:"))
        for one in offered:
            title = one.article.texts[one.language]["title"]
            made.say(title, f"{BASE_URL}/help-desk/articles/{one.article.pk}/")
    _lead(made, ticket)
    made.say(_("If you reported nothing, somebody has mistyped an address. You need not do anything."))
    return made


def _answered(ticket: Ticket, data: dict[str, Any], _language: str) -> Letter:
    said = Message.objects.get(ticket=ticket, pk=data["message"])
    made = Letter(_("We ask you something") if said.word == "asked" else _("An answer to your report"))
    made.say(said.text)
    if said.word == "asked":
        made.say(_("We need your answer to go on."))
    _lead(made, ticket)
    return made


def _progress(ticket: Ticket, data: dict[str, Any], _language: str) -> Letter:
    subject, words = {
        "joined": (_("A known fault"), _("What you reported is part of a fault that we know of and are working on.")),
        "acknowledged": (_("It is being worked on"), _("Somebody is working on the fault that you reported.")),
        "resolved": (
            _("The fault is over"),
            _("What you reported is over. If it is not so for you, tell us."),
        ),
        "reopened": (_("The fault is back"), _("The fault that you reported is back. We are working on it.")),
    }[str(data["progress"])]
    made = Letter(subject)
    made.say(words)
    _lead(made, ticket)
    return made


def _closed(ticket: Ticket, data: dict[str, Any], _language: str) -> Letter:
    made = Letter(_("Your report is closed"))
    if text := Message.objects.get(ticket=ticket, pk=data["message"]).text:
        made.say(text)
    made.say(_("Your report is closed. If something is still wrong, tell us and it is open again."))
    made.say(_("How content are you with our help? It takes a moment:"), score_link(ticket))
    _lead(made, ticket)
    return made


def _lead(made: Letter, ticket: Ticket) -> None:
    """Where one goes on."""
    by_mail = catalogue.help_desk_address() != ""
    words = _("Answer this mail, or see your report and write to us here:") if by_mail else _("Your report:")
    made.say(words, f"{BASE_URL}/help-desk/of/{ticket.key}/")


def score_link(ticket: Ticket) -> str:
    """Signed, so that nobody speaks for another."""
    return f"{BASE_URL}/help-desk/score/{signing.dumps(ticket.pk, salt=SALT)}/"
