"""A call, or a shift that is handed over, in a notice: why it comes, and the link that answers it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from mainstay.monitoring.wording import in_language
from mainstay.on_call.digest import SECTIONS
from mainstay.on_call.links import address
from mainstay.on_call.wording import called_because
from mainstay.settings import BASE_URL


def said_of_call(word: str, data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What the templates show: ``called_because`` and ``acknowledge`` beside the incident; or ``title``, ``text``."""
    if word == "handover":
        return _handover(data, language)
    if word == "call-nobody":
        missed = ", ".join(data["missed"])
        return {"called_because": _("Step %(step)s of %(escalation)s leads to nobody: %(missed)s.") % {
            "step": data["step"], "escalation": data["escalation"], "missed": missed,
        }}  # fmt: skip
    if word == "call-over":
        return {"called_because": _("Somebody is on it, or it is over: you are no longer needed.")}
    because = called_because(data, data["step"], data["escalation"])
    person = str(data.get("recipient", "")).startswith("person:")
    return {"called_because": because, "acknowledge": address(data["call"]) if person else ""}


def _handover(data: Mapping[str, Any], language: str) -> dict[str, Any]:
    link = f"{BASE_URL}/on-call/hand-overs/{data['handover']}/"
    lines = [
        f"{in_language(str(section.title), language)}: {count}"
        for section in SECTIONS if (count := data["counts"].get(section.name, 0))
    ]  # fmt: skip
    first = _("You are on call in %(rotation)s from now on. Look at what stands and confirm that you know it:") % data
    return {"title": data["rotation"], "text": "\n".join([first, link, "", *(lines or [_("Nothing stands open.")])])}
