"""Real servers that the tests start for themselves, each in a directory of its own that is gone afterwards."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pycurl
import pymysql
import pytest

from estate import postgres


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has at this moment, none of them twice."""
    with ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def program(name: str) -> str:
    """Where the program is; skips the test on a machine without it."""
    beside = sysconfig.get_path("scripts")  # what came as a package of the project's own environment
    found = shutil.which(name) or shutil.which(name, path=f"/usr/sbin:/usr/local/sbin:/sbin:{beside}")
    if found is None:
        pytest.skip(f"no {name} on this machine")
    return found


@contextmanager
def postgresql(max_connections: int = 40, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """A PostgreSQL of its own; yields its administrator's address."""
    programs = _postgresql_programs()
    here = _directory("postgresql")
    postgres.make_cluster(programs, here / "data", "pass")
    with _running_postgresql(programs, here, max_connections, settings or {}) as address:
        yield address


@contextmanager
def postgresql_standby(primary: str, max_connections: int = 40) -> Iterator[str]:
    """A standby that streams from the primary; yields its address. It needs as many connections as that has."""
    programs = _postgresql_programs()
    here = _directory("standby")
    copy = [
        str(programs.bin / "pg_basebackup"),
        "-d",
        primary,
        "-D",
        str(here / "data"),
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
    ]
    programs.give(here)
    subprocess.run(copy, **postgres.account(programs.user), cwd="/", check=True, capture_output=True)
    with _running_postgresql(programs, here, max_connections, {}) as address:
        yield address


@contextmanager
def _running_postgresql(
    programs: postgres.Server, here: Path, max_connections: int, settings: Mapping[str, str]
) -> Iterator[str]:
    port = free_port()
    chosen = {"max_connections": str(max_connections), "fsync": "off", **settings}
    command = [*programs.command(here / "data", port), "-k", ""]
    command += [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    address = postgres.dsn(port, postgres.ADMIN, "pass", "postgres")
    with _running(command, here, programs.user, lambda: postgres.answers(address), signal.SIGINT):
        yield address


def _postgresql_programs() -> postgres.Server:
    try:
        return postgres.find()
    except postgres.NoPostgresql as error:
        pytest.skip(str(error))


@contextmanager
def mariadb(max_connections: int = 40) -> Iterator[str]:
    """A MariaDB of its own; yields its administrator's address, with an empty database ``shop``."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    here = _directory("mariadb")
    user = _account("mysql")
    _give(here, user)
    base = ["--no-defaults", f"--datadir={here / 'data'}", f"--tmpdir={here}"]
    make = [install, *base, "--auth-root-authentication-method=normal", "--skip-test-db", "--cross-bootstrap"]
    subprocess.run(make, **postgres.account(user), cwd="/", check=True, capture_output=True)
    port = free_port()
    command = [
        server, *base, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={here / 'my.sock'}",
        f"--pid-file={here / 'my.pid'}", f"--max-connections={max_connections}", "--innodb-buffer-pool-size=16M",
        "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--performance-schema=OFF",
        "--skip-name-resolve", "--innodb-lock-wait-timeout=30",
    ]  # fmt: skip

    def ready() -> bool:
        try:
            pymysql.connect(user="root", unix_socket=str(here / "my.sock")).close()
        except pymysql.MySQLError:
            return False
        return True

    with _running(command, here, user, ready, signal.SIGTERM):
        with pymysql.connect(user="root", unix_socket=str(here / "my.sock")) as db, db.cursor() as cursor:
            cursor.execute("create database shop")
            cursor.execute("create user admin@'127.0.0.1' identified by 'pass'")
            cursor.execute("grant all on *.* to admin@'127.0.0.1' with grant option")
        yield f"mariadb://admin:pass@127.0.0.1:{port}/shop"


@contextmanager
def redis(password: str = "") -> Iterator[str]:
    """A Redis of its own that keeps nothing; yields its address."""
    server = program("redis-server")
    here = _directory("redis")
    user = _account("redis")
    _give(here, user)
    port = free_port()
    command = [
        server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(here), "--save", "", "--appendonly", "no",
    ]  # fmt: skip
    command += ["--requirepass", password] if password else []
    with _running(command, here, user, lambda: _listens(port), signal.SIGTERM):
        yield f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"


@contextmanager
def dnsmasq(*records: str) -> Iterator[int]:
    """A name server of its own on 127.0.0.1 that asks nobody else; yields its port. ``records`` are its options
    without the hyphens, such as ``host-record=shop.example,192.0.2.1``. On 127.0.0.2 it is the authority for its
    ``auth-zone``."""
    server = program("dnsmasq")
    here = _directory("dnsmasq")
    port = free_port()
    command = [
        server, "--keep-in-foreground", "--conf-file=/dev/null", f"--port={port}", "--listen-address=127.0.0.1",
        "--listen-address=127.0.0.2", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file=",
        "--log-facility=-", *(f"--{record}" for record in records),
    ]  # fmt: skip
    with _running(command, here, _account("dnsmasq"), lambda: _listens(port), signal.SIGTERM):
        yield port


@contextmanager
def rabbitmq() -> Iterator[str]:
    """A RabbitMQ of its own; yields the address of its management, where guest is called guest. Slow to start."""
    server = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not server.exists():
        pytest.skip("no rabbitmq-server on this machine")
    here, port, names = _directory("rabbitmq"), free_port(), free_port()
    user = _account("rabbitmq")
    (here / "rabbit.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{free_port()}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n"
        "collect_statistics_interval = 500\n"
    )
    (here / "plugins").write_text("[rabbitmq_management].")
    for path in (here, *here.iterdir()):
        _give(path, user)
    settings = {
        "HOME": here, "RABBITMQ_NODENAME": f"mainstay-{port}@localhost", "RABBITMQ_MNESIA_BASE": here / "mnesia",
        "RABBITMQ_LOG_BASE": here / "logs", "RABBITMQ_LOGS": "-", "RABBITMQ_CONFIG_FILE": here / "rabbit.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": here / "plugins", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_DIST_PORT": free_port(), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": names,
    }  # fmt: skip
    command = ["env", *(f"{name}={value}" for name, value in settings.items()), str(server)]
    try:
        with _running(command, here, user, lambda: _listens(port), signal.SIGTERM):
            yield f"http://127.0.0.1:{port}"
    finally:  # the name server of its own that Erlang starts and leaves behind
        subprocess.run(["epmd", "-port", str(names), "-kill"], check=False, capture_output=True)


@contextmanager
def node_exporter() -> Iterator[str]:
    """Prometheus' exporter for this host; yields its page's address."""
    port = free_port()
    command = [program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"]
    here = _directory("exporter")
    with _running(command, here, None, lambda: _listens(port), signal.SIGTERM):
        yield f"http://127.0.0.1:{port}/metrics"


@contextmanager
def prometheus(target: str) -> Iterator[str]:
    """A Prometheus of its own that scrapes ``target`` (host:port) each second; yields its address when it has."""
    server, port, here = program("prometheus"), free_port(), _directory("prometheus")
    user = _account("prometheus")
    (here / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: it, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    _give(here, user)
    command = [
        server, f"--config.file={here / 'prometheus.yml'}", f"--storage.tsdb.path={here / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip

    def scraped() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query=up", timeout=2) as answer:
                return b'"1"' in answer.read()
        except OSError:
            return False

    with _running(command, here, user, scraped, signal.SIGTERM):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alertmanager(receiver: str, token: str) -> Iterator[str]:
    """Prometheus' Alertmanager, which sends its webhook to the receiver as the token's owner; yields its address."""
    server, port, here = program("prometheus-alertmanager"), free_port(), _directory("alertmanager")
    user = _account("prometheus")
    (here / "alertmanager.yml").write_text(
        "route: {receiver: it, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: it, webhook_configs: [{{url: '{receiver}', send_resolved: true,"
        f" http_config: {{authorization: {{credentials: '{token}'}}}}}}]}}]\n"
    )
    _give(here, user)
    command = [
        server, f"--config.file={here / 'alertmanager.yml'}", f"--storage.path={here / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    with _running(command, here, user, lambda: _listens(port), signal.SIGTERM):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def chrony() -> Iterator[str]:
    """A time server that gives this machine's own time and leaves its clock alone; yields host:port."""
    here, port = _directory("chrony"), free_port()
    (here / "conf").write_text(
        f"local stratum 8\nallow 127.0.0.1\nbindaddress 127.0.0.1\nport {port}\ncmdport 0\n"
        f"pidfile {here / 'pid'}\nbindcmdaddress /\n"
    )
    command = [program("chronyd"), "-d", "-x", "-U", "-f", str(here / "conf")]

    def ready() -> bool:
        return f":{port:04X} " in Path("/proc/net/udp").read_text()

    with _running(command, here, None, ready, signal.SIGTERM):
        yield f"127.0.0.1:{port}"


@dataclass(frozen=True)
class SSH:
    """A way in: ``user`` with ``key_file``, and the host's key as a catalogue pins it."""

    port: int
    user: str
    key_file: Path
    host_key: str


@contextmanager
def ssh(package: str = "", more: str = "") -> Iterator[SSH]:
    """OpenSSH's server for this very account, or, where that is root, for the account of a package; with keys made for
    it. ``more``: a line of its configuration."""
    server = program("sshd")
    here = _directory("ssh")
    user = (_account(package) if package else None) or pwd.getpwuid(os.geteuid()).pw_name
    here.chmod(0o755 if package else 0o700)
    own, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    for name, key in (("id", own), ("host", host)):
        key.write_private_key(here / name)
        (here / name).chmod(0o600)
    (here / "authorized").write_bytes(own.export_public_key())
    port = free_port()
    (here / "config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {here / 'host'}\nAuthorizedKeysFile {here / 'authorized'}\n"
        f"PidFile none\nPasswordAuthentication no\nStrictModes no\nPermitRootLogin prohibit-password\n"
        f"UsePAM {'yes' if package and os.geteuid() == 0 else 'no'}\n"  # which lets in an account without a password
        f"Subsystem sftp internal-sftp\n{more}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in until somebody signed in
    with _running([server, "-D", "-e", "-f", str(here / "config")], here, None, lambda: _listens(port), signal.SIGTERM):
        public = " ".join(host.export_public_key().decode().split()[:2])
        yield SSH(port, user, here / "id", public)


@dataclass(frozen=True)
class S3:
    """Where it is, and who may do what there."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str


@contextmanager
def s3() -> Iterator[S3]:
    """SeaweedFS as an S3 server, with one bucket and the keys to it."""
    server, here = program("weed"), _directory("s3")
    access, secret = "shop", "a secret of its own"
    (here / "data").mkdir()
    keys = [{"accessKey": access, "secretKey": secret}]
    identity = {"name": "shop", "credentials": keys, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (here / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = free_ports(8)
    names = ("master", "volume", "filer", "s3")
    listening = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
    listening += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)]
    command = [
        server, "server", f"-dir={here / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", *listening,
        f"-s3.config={here / 's3.json'}", "-s3.iam=false", "-s3.autoCreateBucket=false", "-volume.max=20",
        "-master.volumeSizeLimitMB=64", "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
    ]  # fmt: skip
    endpoint = f"http://127.0.0.1:{ports[3]}"

    def made() -> bool:
        """Whether it could make the bucket, which needs all four parts of it."""
        curl = pycurl.Curl()
        for option, value in {
            pycurl.URL: f"{endpoint}/copies", pycurl.CUSTOMREQUEST: "PUT", pycurl.USERPWD: f"{access}:{secret}",
            pycurl.AWS_SIGV4: "aws:amz:us-east-1:s3", pycurl.WRITEFUNCTION: lambda _: None,
        }.items():  # fmt: skip
            curl.setopt(option, value)
        try:
            curl.perform()
        except pycurl.error:
            return False
        return int(curl.getinfo(pycurl.RESPONSE_CODE)) in (200, 409)

    with _running(command, here, None, made, signal.SIGKILL):
        yield S3(endpoint, "copies", access, secret)


@contextmanager
def directory(name: str) -> Iterator[Path]:
    """A directory that the account of a server may enter."""
    here = _directory(name)
    try:
        yield here
    finally:
        shutil.rmtree(here)


def _directory(name: str) -> Path:
    here = Path(tempfile.mkdtemp(prefix=f"mainstay-{name}-"))
    here.chmod(0o755)
    return here


def _account(name: str) -> str | None:
    """Whom a server runs as: root hands it to the account of its package, or to nobody."""
    if os.geteuid() != 0:
        return None
    return name if name in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _give(path: Path, user: str | None) -> None:
    if user:
        shutil.chown(path, user)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _running(
    command: Sequence[str], here: Path, user: str | None, ready: Callable[[], bool], end: signal.Signals
) -> Iterator[None]:
    """Run it until the block ends; nothing of it stays."""
    log = here / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, **postgres.account(user), cwd="/", stdout=output, stderr=output)
    try:
        while not ready():
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(end)
        process.wait()
        shutil.rmtree(here)
