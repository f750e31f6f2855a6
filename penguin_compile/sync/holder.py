"""Who a process is: for the lock, which frees itself when its holder is gone.

Under `lock.py`. A machine is known by its boot id and by the namespace that counts its
processes, because containers on one host have process numbers of their own.
"""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

from penguin_compile.core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process; `machine` and `process_start` are empty where the system doesn't tell."""

    name: str
    host: str
    machine: str
    process: int
    process_start: str


def this_process(name: str | None = None) -> Holder:
    """The running process, on behalf of `name` (default: the user)."""
    return Holder(
        name=name or user_name(),
        host=socket.gethostname(),
        machine=_machine(),
        process=os.getpid(),
        process_start=_process_start(os.getpid()) or "",
    )


def is_gone(other: Holder) -> bool:
    """Whether that process is known to have ended; False where nobody here can tell."""
    if not other.machine or not other.process_start or other.machine != _machine():
        return False
    return other.host == socket.gethostname() and (
        _process_start(other.process) != other.process_start
    )


def user_name() -> str:
    """The user of this process, for people to read."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in some containers
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _process_start(process: int) -> str | None:
    """Ticks since boot at which a process started; None where there is no such process."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, second and in brackets, may hold anything; state and start time follow it.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]
