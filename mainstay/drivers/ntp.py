"""How far this machine's clock is from a time server's: one SNTP question (RFC 4330, RFC 5905)."""

import asyncio
import socket
import struct
import time

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.domain.saying import say
from mainstay.drivers.connect import NotConnected, failed, resolve

PORT = 123
_FIRST_YEAR = 2_208_988_800
"""Seconds from 1900, NTP's era, to 1970."""
_CLIENT = 0x23
"""Version 4, mode 3."""
_FORM = struct.Struct("!BBbb11I")


async def clock_offset(server: str, network: NetworkPolicy) -> float:
    """Seconds by which the server's clock is ahead of ours. Raises NotConnected; the caller sets the deadline."""
    host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    number = int(port or PORT)
    family, address = await resolve(host, number, network)
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((address, number))  # the kernel lets nobody else answer
        sent = time.time()
        mark = _stamp(sent)
        try:
            await loop.sock_sendall(sock, _FORM.pack(_CLIENT, 0, 0, 0, *[0] * 9, *mark))
            while True:
                answer = await loop.sock_recv(sock, 512)
                came = time.time()
                if len(answer) >= _FORM.size and (fields := _FORM.unpack_from(answer))[9:11] == mark:
                    break  # else it answers another question
        except OSError as error:
            raise failed(error, server) from None
    leap, stratum = fields[0] >> 6, fields[1]
    if fields[0] & 7 != 4 or not 1 <= stratum <= 15 or leap == 3:
        lost = say("%(server)s knows no time itself (stratum %(stratum)s)", server=server, stratum=stratum)
        raise NotConnected(Fault.CONTENT, lost)
    return ((_seconds(fields[11:13]) - sent) + (_seconds(fields[13:15]) - came)) / 2


def _stamp(at: float) -> tuple[int, int]:
    whole = int(at)
    return (whole + _FIRST_YEAR) & 0xFFFFFFFF, int((at - whole) * 2**32)


def _seconds(stamp: tuple[int, ...]) -> float:
    """Since 1970. Stamps before 1968 are those of the next era, which begins in 2036 (RFC 4330, section 3)."""
    era = 0 if stamp[0] & 0x80000000 else 2**32
    return stamp[0] + era - _FIRST_YEAR + stamp[1] / 2**32
