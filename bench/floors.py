"""The least that a look can cost here and now: libcurl or a bare socket, nothing judged and nothing stored.

``python -m bench.floors KIND PORT COUNT`` prints CPU milliseconds (user and system) a look.
"""

import resource
import select
import socket
import sys

import pycurl


def curl(port: int, count: int, together: int = 16) -> None:
    """New connections by pycurl's multi interface in its simplest loop."""
    multi = pycurl.CurlMulti()
    handles = [_handle(port) for _ in range(together)]
    for handle in handles:
        multi.add_handle(handle)
    begun = together
    while begun < count:
        while multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        _, done, broken = multi.info_read()
        for handle in [*done, *(one[0] for one in broken)]:
            multi.remove_handle(handle)
            multi.add_handle(handle)
            begun += 1
        multi.select(1.0)


def _handle(port: int) -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, f"http://127.0.0.1:{port}/")
    handle.setopt(pycurl.WRITEFUNCTION, len)
    handle.setopt(pycurl.FRESH_CONNECT, 1)
    handle.setopt(pycurl.FORBID_REUSE, 1)
    return handle


def tcp(port: int, count: int) -> None:
    """Bare connections through epoll."""
    poll = select.epoll()
    for _ in range(count):
        door = socket.socket()
        door.setblocking(False)
        door.connect_ex(("127.0.0.1", port))
        poll.register(door.fileno(), select.EPOLLOUT)
        poll.poll(1.0)
        door.close()


if __name__ == "__main__":
    kind, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    before = resource.getrusage(resource.RUSAGE_SELF)
    {"http": curl, "tcp": tcp}[kind](port, count)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count * 1000)
