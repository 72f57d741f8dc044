"""The forks of processes that wait with steps run: each is let through by the fork server when it has asked for it, and no
other is, so a step that shares such a process cannot make one. Assumes Linux 5.5 or later with seccomp; else an OSError.
"""

import ctypes
import fcntl
import struct

from linux import LIBC, check
from seccomp import SECCOMP, filter_of_forks, number_of

SET_MODE_FILTER, NEW_LISTENER = 1, 8
RECEIVE, SEND = 0xC0502100, 0xC0182101  # requests of ioctl
CONTINUE, EPERM = 1, 1


def listen():
    """From here on every clone of this process and its children waits for an answer. Result: where they ask."""
    program, _buffer = filter_of_forks()
    none = ctypes.c_ulong(0)
    return check(LIBC.syscall(number_of(SECCOMP), SET_MODE_FILTER, NEW_LISTENER, ctypes.byref(program), none), 'seccomp listener')


def answer(listener, may_fork):
    """Answers one question. `may_fork`: told the id of the process that asks."""
    question = bytearray(80)
    try:
        fcntl.ioctl(listener, RECEIVE, question)
        number, pid = struct.unpack_from('QI', question)
        reply = struct.pack('QqiI', number, 0, 0, CONTINUE) if may_fork(pid) else struct.pack('QqiI', number, 0, -EPERM, 0)
        fcntl.ioctl(listener, SEND, reply)
    except FileNotFoundError:
        pass  # it has ended meanwhile
