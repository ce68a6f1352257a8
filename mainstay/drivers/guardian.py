"""Runs one program and ends all that it started: when it ends, when it is told to, and when whoever asked for it dies.

A process of its own, with one thread, so that what must happen between fork and exec (limits, account, group) is safe
whatever threads the asking process has. Its standard input is a pipe that nobody writes to: the kernel closes the other
end when the asking process is gone, even by SIGKILL. It imports nothing of Mainstay, and is started by
``drivers/program.py`` as ``guardian.py '{"argv": […], …}'``.
"""

import ctypes
import grp
import json
import os
import pwd
import resource
import select
import signal
import sys
from typing import NamedTuple


class Task(NamedTuple):
    """What is asked for; see ``program.Limits``. ``stdin`` is the descriptor that becomes the program's input,
    ``largest`` the size of the largest file that it may write, 0: any."""

    argv: list[str]
    stdin: int
    largest: int
    nice: int
    idle: bool
    memory: int
    user: str
    stop: int
    patience: float


_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_prctl = ctypes.CDLL(None).prctl
CANNOT = 127
"""Exit code of a program that could not be started; a shell gives the same."""


def main(task: Task) -> int:
    """Run it; return its exit code, negative for the signal that ended it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what leaves the group, such as a server's backend, comes to us when orphaned
    child = os.fork()
    if child == 0:
        _become(task)
    for fd in (1, 2):
        os.close(fd)  # the reader must see the end when the program is done
    told = select.poll()
    told.register(0, select.POLLIN)
    told.register(done := os.pidfd_open(child), select.POLLIN)
    if not any(fd == done for fd, _ in told.poll()):
        told.unregister(0)
        os.kill(child, task.stop)
        told.poll(1000 * task.patience)
        _end(child)
    _, status = os.waitpid(child, 0)
    _end(child)
    _end_orphans()
    return os.waitstatus_to_exitcode(status)


def _become(task: Task) -> None:
    """The program itself, in a group of its own. Never returns."""
    guardian = os.getppid()
    try:
        os.setpgid(0, 0)
        _limit(task)
        if task.user:
            _drop_to(task.user)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of account, which forgets it
        if os.getppid() != guardian:
            os._exit(CANNOT)
        os.dup2(task.stdin, 0)
        os.execvp(task.argv[0], task.argv)  # noqa: S606 - a list, and no shell
    except OSError as error:
        os.write(2, f"{task.argv[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT)


def _limit(task: Task) -> None:
    if task.memory:
        resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    if task.largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (task.largest, task.largest))
    if task.nice:
        os.nice(task.nice)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold passwords


def _drop_to(name: str) -> None:
    account = pwd.getpwnam(name)
    os.setgroups([group.gr_gid for group in grp.getgrall() if name in group.gr_mem])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _end_orphans() -> None:
    """Those that left the group; what they leave behind comes to us in turn."""
    while found := _children():
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def _children() -> list[int]:
    own, found = os.getpid(), []
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs more to import than all of this
        if name.isdigit() and _parent(name) == own:
            found.append(int(name))
    return found


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


if __name__ == "__main__":
    _code = main(Task(**json.loads(sys.argv[1])))
    os._exit(_code if _code >= 0 else 128 - _code)
