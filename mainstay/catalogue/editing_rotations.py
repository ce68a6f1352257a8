"""One rotation as it is written, and what a change to it would do; carried out in ``actions``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainstay.catalogue import queries
from mainstay.catalogue.editing import Proposal, lines_between, sign
from mainstay.catalogue.editing_backups import SHARED
from mainstay.catalogue.examine import examine
from mainstay.catalogue.export import short_form
from mainstay.domain.yaml_text import write


@dataclass(frozen=True, slots=True)
class RotationWriting:
    """A rotation as it is written, without what says the default; empty where there is none yet. ``seen`` is a sign of
    it."""

    name: str
    own: dict[str, Any]
    seen: str


def rotation_writing(name: str) -> RotationWriting:
    """A rotation as it is written now, be it there or not."""
    row = queries.arrangements("rotation").filter(name=name).first()
    own = short_form(row) if row else {}
    return RotationWriting(name, own, sign(json.dumps(own, sort_keys=True)))


def rotation_proposal(present: RotationWriting, wanted: Mapping[str, Any]) -> Proposal:
    """What comes of it when the rotation says ``wanted``, as in YAML, and nothing else. Raises Invalid."""
    before, after = ({"rotations": {present.name: one}} if one else {} for one in (present.own, dict(wanted)))
    text = write(after)
    found = examine({SHARED: text.encode()}, whole=False, known=queries.known()).catalogue
    keys = sorted({*present.own, *wanted})
    changes = {key: [present.own.get(key), wanted.get(key)] for key in keys if present.own.get(key) != wanted.get(key)}
    lines = lines_between(write(before) if before else "", text)
    meant = found.arrangements["rotation", present.name].model_dump(mode="json")
    return Proposal(changes, found, queries.differences(found), lines, meant, sign(text))
