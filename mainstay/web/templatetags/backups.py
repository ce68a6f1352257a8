"""Words of backups on the pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.backups import queries
from mainstay.catalogue.models import Policy
from mainstay.catalogue.policies import levels
from mainstay.monitoring.wording import format_value
from mainstay.web.access import may

register = template.Library()


@register.filter
def backup_word(word: str) -> str:
    """An act, a state, a verdict, a level or what happened, in the reader's language."""
    return {
        "backup": pgettext("act", "backup"), "forward": pgettext("act", "to the second site"),
        "prove": pgettext("act", "proof"), "check": pgettext("act", "check of the repository"),
        "prune": pgettext("act", "thinning out"), "restore": pgettext("act", "restore"),
        "waiting": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed"),
        "full": pgettext("copy", "full"), "incremental": pgettext("copy", "incremental"),
        "schedule": _("by schedule"), "hand": _("by hand"), "after": _("after another job"),
        "safety": _("for safety before a restore"), "retention": _("its time was over"),
        "proved": _("proved"), "unproved": _("not proved"), "lost": _("lost its worker"),
        "retry": _("will be tried again"),
        "given-back": _("waits again, for the engine was ended"), "cleaned": _("cleaned up after a run that died"),
        "no-base": _("made full, for there was no copy to make it upon"),
        "no-space": _("no room"), "killed": _("killed"), "timeout": _("deadline"), "refused": _("refused"),
        "incomplete": _("incomplete"), "missing": _("missing"), "damaged": _("damaged"), "locked": _("locked"),
        "changed": _("changed"), "unreachable": _("unreachable"), "wrong-key": _("wrong key"), "key": _("key"),
        "absent": _("not there"), "database": _("database"), "setup": _("setup"),
    }.get(word, word)  # fmt: skip


@register.inclusion_tag("parts/backup_acts.html", takes_context=True)
def backup_acts(context: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """What may be done with a policy's copies, and its newest jobs."""
    request, system = context["request"], policy.system.name
    return {
        "policy": policy, "csrf_token": context.get("csrf_token"), "levels": levels(policy),
        "may_run": may(request, "backup.run", system), "may_prove": may(request, "backup.prove", system),
        "may_key": may(request, "backup.key", system), "jobs": queries.jobs(policy)[:8],
    }  # fmt: skip


@register.filter
def milliseconds(value: Any) -> str:
    """A duration in words."""
    return format_value(float(value) / 1000, "s")
