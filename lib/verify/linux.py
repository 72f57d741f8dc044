"""The calls of the Linux kernel that Python's library does not offer, by ctypes. On other systems LIBC is None."""

import ctypes
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
CAPABILITY_VERSION_3 = 0x20080522


def check(result, what):
    """`result` of a C call; OSError naming `what` where it is -1."""
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f'{what}: {os.strerror(error)}')
    return result


def prctl(option, value, address=0, what='prctl'):
    none = ctypes.c_ulong(0)
    check(LIBC.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(address), none, none), what)


def drop_capabilities():
    """Gives up every privilege of root that does not come from owning files."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(LIBC.capset(header, (ctypes.c_uint32 * 6)()), 'capset')
