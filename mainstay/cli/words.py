"""In which language the command line speaks: ``--lang``, else LANGUAGE, LC_ALL, LC_MESSAGES, LANG as gettext does.

The words are in ``locale/…/cli.po``, apart from the pages', so that ``mainstay --help`` needs no Django.
"""

import gettext as machinery
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[1] / "locale"

_FOLDERS = {"en": "en", "zh-hans": "zh_Hans", "zh-hant": "zh_Hant"}
_TRADITIONAL = ("hant", "tw", "hk", "mo")
_spoken: list[machinery.NullTranslations] = [machinery.NullTranslations()]
_chosen = ["en"]


def choose(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """``en``, ``zh-hans`` or ``zh-hant``: script if it is said, else what the place reads."""
    asked = [word.removeprefix("--lang=") for word in arguments if word.startswith("--lang=")]
    asked += [after for word, after in itertools.pairwise(arguments) if word == "--lang"]
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked += environment.get(name, "").split(":")
    first = next((word for word in asked if word), "en")
    parts = first.lower().split(".")[0].replace("_", "-").split("-")
    if parts[0] != "zh":
        return "en"
    return "zh-hant" if "hans" not in parts and set(parts) & set(_TRADITIONAL) else "zh-hans"


def speak(language: str) -> None:
    """From now on, of this process."""
    _chosen[0] = language
    _spoken[0] = machinery.translation("cli", LOCALE, [_FOLDERS[language]], fallback=True)


def spoken() -> str:
    """The language that was chosen, by Django's name."""
    return _chosen[0]


def of_pages(text: str) -> str:
    """The pages' words for ``text``, for what is refused where no workspace may be opened."""
    return machinery.translation("django", LOCALE, [_FOLDERS[_chosen[0]]], fallback=True).gettext(text)


def _(text: str) -> str:
    """The words for ``text`` in the language spoken."""
    return _spoken[0].gettext(text) if text else ""
