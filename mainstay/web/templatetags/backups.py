"""Words of backups on the pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.backups import queries
from mainstay.catalogue.models import Policy
from mainstay.catalogue.policies import levels
from mainstay.monitoring.spoken import once_a_language
from mainstay.monitoring.wording import format_value
from mainstay.web.access import may

register = template.Library()


@register.filter
@once_a_language
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
        "aborted": pgettext("restore", "aborted"), "lapsed": pgettext("restore", "lapsed"),
        "no-safety": _("no fresh copy"), "differs": _("not what was copied"), "between": _("half way"),
    }.get(word, word)  # fmt: skip


@register.filter
@once_a_language
def restore_word(word: str) -> str:
    """A state of a restore, where it goes, a step of its story, or what was compared."""
    return {
        "asked": pgettext("restore", "asked for"), "safety": pgettext("restore", "a fresh copy is taken first"),
        "running": pgettext("restore", "under way"), "done": pgettext("restore", "restored"),
        "failed": _("failed"), "aborted": pgettext("restore", "aborted"), "lapsed": pgettext("restore", "lapsed"),
        "directory": pgettext("restore", "new directory"), "database": pgettext("restore", "new database"),
        "live": pgettext("restore", "live place"), "approved": pgettext("restore", "approved"),
        "safe": pgettext("restore", "the fresh copy is whole"), "handed-over": pgettext("restore", "given to a job"),
        "loaded": pgettext("restore", "read from the store"), "compared": pgettext("restore", "the same as was copied"),
        "read-again": pgettext("restore", "each file read again"),
        "begun": pgettext("restore", "the target is being changed"),
        "found": pgettext("restore", "looked how the target stands"), "schema": _("schema"), "rows": _("rows"),
        "totals": _("control totals"), "sums": _("content of tables"), "files": _("files"), "count": _("files"),
        "bytes": _("Size"),
    }.get(word, word)  # fmt: skip


@register.filter
def place_word(word: str) -> str:
    """How the target of a restore stands."""
    return {
        "untouched": _("the target is as it was"), "restored": _("the target holds what was copied"),
        "between": _("the target is neither as it was nor as the copy"),
    }.get(word, word)  # fmt: skip


@register.inclusion_tag("parts/backup_acts.html", takes_context=True)
def backup_acts(context: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """What may be done with a policy's copies, and its newest jobs."""
    request, system = context["request"], policy.system.name
    return {
        "policy": policy, "csrf_token": context.get("csrf_token"), "levels": levels(policy),
        "may_run": may(request, "backup.run", system), "may_prove": may(request, "backup.prove", system),
        "may_key": may(request, "backup.key", system),
        "may_restore": may(request, "backup.restore", system), "jobs": queries.jobs(policy)[:8],
    }  # fmt: skip


@register.filter
def milliseconds(value: Any) -> str:
    """A duration in words."""
    return format_value(float(value) / 1000, "s")
