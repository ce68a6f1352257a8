"""A certificate in words, for print: everything is read from what was signed, not from today."""

import json
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from mainstay.backups.models import Proof
from mainstay.backups.signing import public_key
from mainstay.domain.certificate import key_id
from mainstay.drivers.pdf import pdf
from mainstay.monitoring.wording import DJANGO_LANGUAGE, format_value

_TAGS = {"en": "en", "zh": "zh-Hans", "zh-hant": "zh-Hant"}
_HAN = {"zh-hant": "TC"}


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate in words; ``shape`` is a state's, for colour alone says nothing to many."""

    name: str
    title: str
    verdict: str
    word: str
    shape: str
    detail: str
    evidence: dict[str, Any]


def certificate_file(proof: Proof, language: str) -> tuple[bytes, str]:
    """The PDF and a name for it. Raises Unprintable."""
    with override(DJANGO_LANGUAGE[language]):
        context = {
            "proof": proof,
            "paper": certificate_of(proof),
            "tag": _TAGS[language],
            "han": _HAN.get(language, "SC"),
        }
        html = render_to_string("backups/certificate.html", context)
    return pdf(html), f"certificate-{proof.pk}.pdf"


def certificate_of(proof: Proof) -> dict[str, Any]:
    """What was signed, with its gates in words; in the active language."""
    said = json.loads(proof.certificate)
    return {
        **said, "rows": [gate_row(gate) for gate in said["gates"]], "signature": proof.signature,
        "key_id": key_id(public_key()), "unshown": [gate_title(name) for name in said["not_proved"]],
        "times": times(said["figures"]), "totals": totals(said["figures"]),
        "verdict_word": verdict_word(said["verdict"]), "shape": SHAPES[said["verdict"]],
    }  # fmt: skip


SHAPES = {"proved": "ok", "failed": "critical", "unproved": "warning"}
"""A proof's verdict → the state whose sign it bears."""
_GATE_SHAPES = {"passed": "ok", "failed": "critical", "unseen": "unknown", "not-asked": "none", "missed": "warning"}


def gate_row(gate: dict[str, Any]) -> GateRow:
    """A gate in words."""
    verdict = str(gate["verdict"])
    return GateRow(
        gate["name"], gate_title(gate["name"]), verdict, gate_word(verdict), _GATE_SHAPES.get(verdict, "unknown"),
        gate["detail"], gate["evidence"],
    )  # fmt: skip


def verdict_word(verdict: str) -> str:
    """A proof's verdict in the active language."""
    return {"proved": _("proved"), "failed": _("refuted"), "unproved": _("not proved")}.get(verdict, verdict)


def gate_word(verdict: str) -> str:
    """A gate's verdict."""
    return {
        "passed": _("passed"), "failed": _("failed"), "unseen": _("could not be looked at"),
        "not-asked": _("not asked for"), "missed": _("objective missed"),
    }.get(verdict, verdict)  # fmt: skip


def gate_title(name: str) -> str:
    """What a gate is about."""
    first, _sep, rest = name.partition(".")
    parts = {
        "schema": _("Structure as recorded"), "rows": _("Rows of every table as recorded"),
        "totals": _("Control totals as recorded"), "sums": _("Checksums of the chosen tables as recorded"),
        "files": _("Files as recorded"),
    }  # fmt: skip
    titles = {
        "repository": _("The repository is whole"), "record": _("The copy is the one on record"),
        "load": _("All of the copy came back"), "open": _("What was restored starts"),
        "fingerprint": parts.get(rest, _("The fingerprint taken with the copy")),
        "own-checks": _("The database's own checks"), "rules": _("The system's rules hold on the copy"),
        "rto": _("Time to restore, against its objective"),
        "rpo": _("How far the copy is behind, against its objective"),
        "application": _("The application starts on the copy"),
    }  # fmt: skip
    title = titles.get(first, name)
    return f"{title}: {rest}" if rest and first in ("own-checks", "rules", "application") else title


def times(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Times in words."""
    found = []
    if "restore_ms" in figures:
        found.append((_("Restored in"), format_value(float(figures["restore_ms"]) / 1000, "s")))
    if "behind_minutes" in figures:
        found.append((_("Behind the live system"), format_value(float(figures["behind_minutes"]) * 60, "s")))
    return found


def totals(figures: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Control totals: name, of the copy, of the live system, and how much that one has more."""
    given = figures.get("totals") or {}
    copy, live, behind = (given.get(name) or {} for name in ("copy", "live", "behind"))
    return [(name, str(copy.get(name, "")), str(live.get(name, "")), str(behind.get(name, ""))) for name in copy]
