"""The press: HTML on standard input, PDF on standard output. A process of its own (``drivers/pdf.py`` starts it), so
that fonts and layout cost the others no memory, and so that a page that never ends can be ended.

Exit code 3 and a sentence on standard error when something that it needs is not on this machine. Nothing is fetched.
"""

import re
import shutil
import subprocess
import sys

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_FONTS = "no font with Chinese characters is installed; install one (Debian: apt-get install fonts-noto-cjk)"

try:
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher
except OSError as error:
    sys.stderr.write(
        f"WeasyPrint's libraries are missing ({str(error).splitlines()[0][:200]}); install them "
        "(Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)\n"
    )
    sys.exit(3)


def _lacks_han(text: str) -> bool:
    """Whether the text would be printed as empty boxes. Where nobody can say, it is tried."""
    lister = shutil.which("fc-list")
    if not _HAN.search(text) or lister is None:
        return False
    region = "zh-tw" if 'lang="zh-Hant"' in text else "zh-cn"
    found = subprocess.run([lister, f":lang={region}", "family"], capture_output=True, check=False)
    return found.returncode == 0 and not found.stdout.strip()


def main() -> int:
    """Print."""
    text = sys.stdin.buffer.read().decode("utf-8")
    if _lacks_han(text):
        sys.stderr.write(_FONTS + "\n")
        return 3
    document = HTML(string=text, url_fetcher=URLFetcher(allowed_protocols=[]))
    sys.stdout.buffer.write(document.write_pdf(pdf_variant="pdf/a-3u") or b"")
    return 0


if __name__ == "__main__":
    sys.exit(main())
