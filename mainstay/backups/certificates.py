"""The certificate of a proof: what was shown, what was not, of which copy, by which versions, in which time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mainstay import __version__
from mainstay.backups.models import Job, Proof
from mainstay.backups.signing import public_key, signature
from mainstay.domain.certificate import canonical, exact, key_id, sealed
from mainstay.domain.proof import Gate, not_proved, verdict


def certificate(
    job: Job, gates: Sequence[Gate], figures: Mapping[str, Any], *, versions: Mapping[str, str], begun: datetime,
    ended: datetime,
) -> tuple[str, str]:  # fmt: skip
    """The canonical text of the proof that a job made of its copy, and its signature."""
    copy, policy = job.copy, job.policy
    assert copy is not None  # noqa: S101 - a proof is of a copy
    document = exact({
        "policy": {
            "system": policy.system.name, "name": policy.name, "component": policy.component.name, "tool": policy.tool,
        },
        "copy": {
            "number": copy.pk, "identifier": copy.identifier, "level": copy.level, "of": _at(copy.at),
            "made": _at(copy.made_at), "store": copy.repository.store.name,
            "repository": copy.repository.identifier, "bytes": copy.size, "made_by": copy.versions,
        },
        "proof": {
            "job": job.pk, "begun": _at(begun), "ended": _at(ended),
            "ms": round((ended - begun).total_seconds() * 1000),
        },
        "verdict": verdict(gates).value,
        "gates": [gate.plain() for gate in gates],
        "not_proved": not_proved(gates),
        "figures": figures,
        "fingerprint": copy.fingerprint,
        "versions": {**versions, "mainstay": __version__},
        "objectives": {name: policy.system.objectives.get(name, "") for name in ("rto", "rpo")},
        "key": key_id(public_key()),
    })  # fmt: skip
    text = canonical(document)
    return text, signature(text)


def file_of(proof: Proof) -> str:
    """What is handed out and verified elsewhere."""
    return sealed(proof.certificate, proof.signature, public_key())


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
