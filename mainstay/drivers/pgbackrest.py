"""pgBackRest as a program: its configuration for one policy, its commands, and what its exit codes mean.

The configuration stays in one place from run to run, because PostgreSQL itself calls pgBackRest for each segment of its
log (``archive_command``). Secrets stand there only, in a file of mode 0600 of the server's account.
"""

import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from mainstay.domain.saying import say
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Keeping, ToolFailed
from mainstay.drivers.postgresql_recovery import give
from mainstay.drivers.program import Ended, Limits
from mainstay.drivers.stores import Place

PROGRAM = "pgbackrest"
ARCHIVE_TIMEOUT = 60
"""Seconds that a segment may take from the server into the archive."""
_CODES = {
    26: "damaged", 28: "damaged", 29: "damaged", 41: "refused", 44: "changed", 45: "changed", 47: "refused",
    49: "refused", 50: "locked", 51: "changed", 55: "missing", 56: "refused", 58: "changed", 62: "refused",
    63: "killed", 68: "refused", 73: "missing", 75: "missing", 82: "timeout", 87: "refused", 95: "damaged",
    99: "damaged", 103: "changed", 105: "refused",
}  # fmt: skip
"""Exit codes (pgBackRest, ``src/build/error/error.yaml``) in our words; all others are ``failed``."""
_BLOCKS = (2, 55)
"""From this version on increments hold blocks and not whole files; it came with 2.46, and was mended until then."""
_AGAIN = ("locked", "timeout", "killed")
_REASON = re.compile(r"ERROR: \[(\d+)\]: (.*?)(?=\n\S+: |\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of a server: its data directory, the account that owns it, its port, and its segments' size in bytes.
    ``way``: options that lead to the host where they are; none for this machine."""

    data: Path
    account: str
    major: int
    port: int
    segment: int
    system: int
    way: Mapping[str, str] = field(default_factory=dict)


class Repositories:
    """Those of one policy, number 1 in the first store and 2 at the second site.

    ``directory`` is where the configuration lies: the policy's own, which the server uses too, or one for reading.
    """

    def __init__(self, keeping: Keeping, directory: Path, account: str) -> None:
        self.home, self.name, self.account = keeping.home, keeping.name, account
        self._keeping = keeping
        self.config = directory / "pgbackrest.conf"

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._keeping.places)

    def archive_command(self, config: PurePosixPath | None = None) -> str:
        """What PostgreSQL runs for each segment; it must contain the program's name. ``config``: where it lies on the
        server's own host, if that is another one."""
        words = [PROGRAM, f"--config={config or self.config}", f"--stanza={self.name}", "archive-push"]
        return f"{shlex.join(words)} %p"

    def write(self, parallel: int, cluster: Cluster | None = None) -> None:
        """The configuration as it should be now, and the directories that it names; without a cluster, for reading
        only. Raises ToolFailed (refused)."""
        self.prepare_home()
        self._directory(self.config.parent)
        text = self._text(parallel, cluster)
        if self._stands(text):
            return
        fresh = self.config.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        give(fresh, self.account)
        fresh.replace(self.config)

    def prepare_home(self) -> None:
        """The directories that stay."""
        for path in (self.home, self.home / "lock", self.home / "spool"):
            self._directory(path)

    def run(
        self,
        command: str,
        *options: str,
        until: float,
        environment: Mapping[str, str] | None = None,
        line: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run a command as the server's account. Raises ToolFailed when it says by its code that it failed; a code of
        0 promises nothing."""
        argv = [PROGRAM, command, f"--config={self.config}", f"--stanza={self.name}", *options]
        ended = program.run(argv, until=until, environment=environment, line=line, limits=self.limits())
        if ended.code:
            raise failure(ended, self._keeping.key)
        return ended

    def limits(self) -> Limits:
        """Root hands the program to the account that owns the server's files."""
        return Limits(nice=10, user=self.account if os.geteuid() == 0 else "")

    def files_there(self, directory: PurePosixPath, parallel: int, cluster: Cluster) -> dict[str, str]:
        """What belongs into a directory of the server's own host: name → content."""
        text, files = self._text(parallel, replace(cluster, way={}), directory), {}
        for number, place in enumerate(self._keeping.places, 1):
            if authority := located(place).get("storage-ca-file"):
                files[f"ca-{number}.pem"] = Path(authority).read_text()
                text = text.replace(f"ca-file={authority}\n", f"ca-file={directory}/ca-{number}.pem\n")
        return {**files, "pgbackrest.conf": text}

    def _text(self, parallel: int, cluster: Cluster | None, home: PurePosixPath | None = None) -> str:
        base = home or self.home
        lines = {
            "lock-path": base / "lock", "spool-path": base / "spool", "log-level-file": "off",
            "log-level-console": "off", "log-level-stderr": "warn", "log-timestamp": "n", "compress-type": "zst",
            "compress-level": 3, "start-fast": "y", "archive-timeout": ARCHIVE_TIMEOUT, "process-max": parallel,
            "expire-auto": "n", "delta": "n",
        }  # fmt: skip
        blocks = {"block": "y"} if program.at_least(program.version(PROGRAM), *_BLOCKS) else {}
        for number, place in enumerate(self._keeping.places, 1):
            settings = {**located(place), "bundle": "y", **blocks, **self._cipher()}
            lines |= {f"repo{number}-{name}": value for name, value in settings.items()}
            if place.address.startswith("/"):
                self._directory(Path(place.address))
        stanza = {"pg1-path": cluster.data, "pg1-port": cluster.port, **cluster.way} if cluster else {}
        return f"[global]\n{_ini(lines)}\n[{self.name}]\n{_ini(stanza)}"

    def _stands(self, text: str) -> bool:
        return self.config.exists() and self.config.read_text() == text

    def changes(self, parallel: int, cluster: Cluster) -> bool:
        """Whether there is a configuration that ``write`` would change."""
        return self.config.exists() and not self._stands(self._text(parallel, cluster))

    def _cipher(self) -> dict[str, str]:
        key = self._keeping.key
        return {"cipher-type": "aes-256-cbc", "cipher-pass": key} if key else {}

    def _directory(self, path: Path) -> None:
        if not path.is_dir():
            path.mkdir(parents=True)
            path.chmod(0o750)
        give(path, self.account)


def located(place: Place) -> dict[str, str]:
    """A place in the words of pgBackRest, without the number of the repository. Raises ToolFailed (refused) for one
    where it cannot keep a repository."""
    if place.address.startswith("/"):
        return {"type": "posix", "path": place.address}
    if not place.address.startswith("s3:https://"):
        raise ToolFailed("refused", unfit(place))
    parts = urlsplit(place.address.removeprefix("s3:"))
    options = dict(zip(place.options[::2], place.options[1::2], strict=True))
    region = [one.removeprefix("s3.region=") for one in place.options if one.startswith("s3.region=")]
    authority = {"storage-ca-file": options["--cacert"]} if "--cacert" in options else {}
    bucket, _, path = parts.path.lstrip("/").partition("/")
    return {
        "type": "s3", "s3-endpoint": parts.hostname or "", "storage-port": str(parts.port or 443),
        "s3-bucket": bucket, "path": f"/{path}", "s3-uri-style": "path",
        "s3-region": region[0] if region else "us-east-1", **authority,
        "s3-key": place.environment.get("AWS_ACCESS_KEY_ID", ""),
        "s3-key-secret": place.environment.get("AWS_SECRET_ACCESS_KEY", ""),
    }  # fmt: skip


def unfit(place: Place) -> str:
    """Why pgBackRest cannot keep a repository at this place; empty when it can."""
    if place.address.startswith(("/", "s3:https://")):
        return ""
    if place.address.startswith("s3:"):
        return say("pgBackRest speaks to an S3 store by TLS only: its address must begin with https://")
    return say("pgBackRest keeps its copies in a directory or an S3 store here, not over SFTP")


def unfit_far(place: Place) -> str:
    """Why a server on another host cannot send its log to this place; empty when it can."""
    if place.address.startswith("s3:"):
        return unfit(place)
    return say("a server on another host sends its log into an S3 store, which both reach; name such a store")


def failure(ended: Ended, key: str) -> ToolFailed:
    """What an exit code means, with what the program said of it, free of the key."""
    found = _REASON.search(ended.err)
    number = int(found[1]) if found else ended.code
    text = (found[2] if found else ended.err).strip()[-1000:]
    text = text.replace(key, "***") if key else text
    code = "no-space" if "No space left" in text else _CODES.get(number, "failed")
    if "Permission denied" in text:
        code = "refused"
    if ended.code > 128 and not found:
        code, text = "killed", text or f"ended by signal {ended.code - 128}"
    if number == 95 or (number == 29 and "outside of section at line 1" in text):
        return ToolFailed("wrong-key", say("the key does not open the repository"))
    return ToolFailed(code, text or f"pgBackRest ended with code {ended.code}", retry=code in _AGAIN)


def _ini(lines: Mapping[str, object]) -> str:
    return "".join(f"{name}={value}\n" for name, value in lines.items())
