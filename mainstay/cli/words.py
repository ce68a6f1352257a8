"""In which language the command line speaks: ``--lang``, else LANGUAGE, LC_ALL, LC_MESSAGES, LANG as gettext does.

The words are in ``locale/…/cli.po``, apart from the pages', so that ``mainstay --help`` needs no Django.
"""

import gettext as machinery
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[1] / "locale"

_FOLDERS = {"en": "en", "zh-hans": "zh_Hans"}
_spoken: list[machinery.NullTranslations] = [machinery.NullTranslations()]


def choose(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """``en`` or ``zh-hans``."""
    asked = [word.removeprefix("--lang=") for word in arguments if word.startswith("--lang=")]
    asked += [after for word, after in itertools.pairwise(arguments) if word == "--lang"]
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked += environment.get(name, "").split(":")
    first = next((word for word in asked if word), "en")
    return "zh-hans" if first.lower().startswith("zh") else "en"


def speak(language: str) -> None:
    """From now on, of this process."""
    _spoken[0] = machinery.translation("cli", LOCALE, [_FOLDERS[language]], fallback=True)


def _(text: str) -> str:
    """The words for ``text`` in the language spoken."""
    return _spoken[0].gettext(text) if text else ""
