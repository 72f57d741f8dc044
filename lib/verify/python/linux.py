"""The calls of the Linux kernel that Python's library does not offer, by ctypes. On other systems LIBC is None."""

import ctypes
import os
import platform
import sys

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None
HELD_LIBC = ctypes.PyDLL(None, use_errno=True) if LIBC else None  # the same, keeping Python's lock

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
MALLOPT_ARENAS = -8
CAPABILITY_VERSION_3 = 0x20080522
# Made once, since each child asks for it.
CALLING_PROCESS, NO_CAPABILITIES = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()


CLONE = {'x86_64': 56, 'aarch64': 220}
BESIDE = 0x8000 | 17  # CLONE_PARENT | SIGCHLD


def check(result, what):
    """`result` of a C call; OSError naming `what` where it is -1."""
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f'{what}: {os.strerror(error)}')
    return result


def prctl(option, value, address=0, what='prctl'):
    none = ctypes.c_ulong(0)
    check(LIBC.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(address), none, none), what)


def can_fork_beside():
    return LIBC is not None and platform.machine() in CLONE


def fork_beside():
    """os.fork, except that the new process is a child of this one's parent, which so sees the end of both."""
    number = CLONE[platform.machine()]
    none = ctypes.c_ulong(0)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = HELD_LIBC.syscall(number, ctypes.c_ulong(BESIDE), none, none, none, none)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return check(pid, 'clone')


def share_arena():
    """All threads allocate from one place, as the first one does; else each sets 64 MiB of the address space aside."""
    if LIBC is not None and hasattr(LIBC, 'mallopt'):  # other C libraries set nothing aside
        LIBC.mallopt(MALLOPT_ARENAS, 1)


def drop_capabilities():
    """Gives up every privilege of root that does not come from owning files."""
    check(LIBC.capset(CALLING_PROCESS, NO_CAPABILITIES), 'capset')
