"""Traditional Chinese from Simplified: OpenCC with Taiwan's words, then the words that ops people there use instead."""

from functools import cache
from pathlib import Path

from opencc import OpenCC

TERMS = Path(__file__).with_name("traditional.txt")


@cache
def _terms() -> tuple[tuple[str, str], ...]:
    lines = [line.split() for line in TERMS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return tuple((wrong, right) for wrong, right in lines)


@cache
def _opencc() -> OpenCC:
    return OpenCC("s2twp")


def traditional(text: str) -> str:
    """``text`` as a reader in Hong Kong or Taiwan has it; what is not Chinese stays as it is."""
    turned = _opencc().convert(text)
    for wrong, right in _terms():
        turned = turned.replace(wrong, right)
    return turned
