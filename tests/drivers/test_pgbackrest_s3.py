"""Physical copies in a bucket, over TLS, which is the only way by which pgBackRest speaks to one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from estate.certificates import make_all
from mainstay.drivers.backup_tools import Keeping
from mainstay.drivers.backup_tools.pgbackrest import Tool
from mainstay.drivers.stores import s3
from tests import servers
from tests.drivers.archived import KEY, LOOPBACK, archived

pytestmark = pytest.mark.postgresql


@contextmanager
def behind_tls(endpoint: str) -> Iterator[tuple[str, Path]]:
    """The same server by https, and the authority that signed for it."""
    with servers.directory("tls") as here:
        authority, port = make_all(here), servers.free_port()
        authority.chmod(0o644)
        (here / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {here}/pid; error_log stderr crit; events {{}}"
            f" http {{ access_log off; client_max_body_size 0;"
            f" client_body_temp_path {here}/b; proxy_temp_path {here}/p;"
            f" fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;"
            f" server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {here}/healthy.pem;"
            f" ssl_certificate_key {here}/healthy.pem; location / {{ proxy_pass {endpoint};"
            f" proxy_set_header Host $http_host; proxy_request_buffering off; proxy_buffering off; }} }} }}"
        )
        command = [servers.program("nginx"), "-c", str(here / "nginx.conf"), "-p", str(here)]
        log = servers._directory("nginx")
        with servers._running(command, log, None, lambda: servers._listens(port), signal.SIGTERM):
            yield f"https://localhost:{port}", authority


def test_a_bucket_holds_copies_and_the_log(tmp_path: Path) -> None:
    servers.program("weed")
    with servers.s3() as bucket, behind_tls(bucket.endpoint) as (endpoint, authority), archived() as archive:
        settings = s3.Settings(
            endpoint=endpoint, bucket=bucket.bucket, access_key=bucket.access_key, secret_key=bucket.secret_key,
            ca_file=str(authority),
        )  # fmt: skip
        place = s3.Store(settings, LOOPBACK).place("shop/books", tmp_path)
        assert urlsplit(place.address.removeprefix("s3:")).scheme == "https"
        source = archive.tool()._source
        tool = Tool(source, LOOPBACK, Keeping(archive.home / "own", "shop-books", KEY, [place]))
        taken = tool.take(archive.run())
        assert tool.check(archive.run()) == ""
        copy = tool.open(archive.run(), taken.point)
        try:
            assert copy.fingerprint(source) == taken.fingerprint
        finally:
            copy.close()
