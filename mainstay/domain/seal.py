"""A digest by which content is known again, whoever keeps it and however it was stored."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any


def digest(content: Any) -> str:
    """SHA-256 over the canonical JSON: sorted keys, no spaces, UTF-8; moments in UTC."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
