"""The system calls that a step may make, as a seccomp filter made by hand. Everything else gives EPERM.

Assumes x86-64 or aarch64, 64 bit; any other machine is refused with a message, never run without the filter. What may
start a process, reach a network, signal another process or write to the system is not in the list. Where processes wait with
steps run, these fork, each time with the leave of the fork server (Linux 5.5 or later).
"""

import ctypes
import fcntl
import platform
import struct
import sys

from linux import BESIDE, CLONE, LIBC, PR_SET_SECCOMP, check, prctl

AUDIT = {'x86_64': 0xC000003E, 'aarch64': 0xC00000B7}

# name: number on x86-64, number on aarch64 (None: has no such call)
ALLOWED = {
    'read': (0, 63), 'write': (1, 64), 'close': (3, 57), 'stat': (4, None), 'fstat': (5, 80), 'lstat': (6, None),
    'poll': (7, None), 'lseek': (8, 62), 'mmap': (9, 222), 'mprotect': (10, 226), 'munmap': (11, 215), 'brk': (12, 214),
    'rt_sigaction': (13, 134), 'rt_sigprocmask': (14, 135), 'rt_sigreturn': (15, 139), 'pread64': (17, 67),
    'readv': (19, 65), 'writev': (20, 66), 'access': (21, None), 'select': (23, None), 'sched_yield': (24, 124),
    'mremap': (25, 216), 'madvise': (28, 233), 'dup': (32, 23), 'dup2': (33, None), 'nanosleep': (35, 101),
    'getitimer': (36, 102), 'alarm': (37, None), 'setitimer': (38, 103), 'getpid': (39, 172), 'exit': (60, 93),
    'uname': (63, 160), 'getcwd': (79, 17), 'readlink': (89, None), 'gettimeofday': (96, 169), 'getrlimit': (97, 163),
    'getrusage': (98, 165), 'sysinfo': (99, 179), 'times': (100, 153), 'getuid': (102, 174), 'getgid': (104, 176),
    'geteuid': (107, 175), 'getegid': (108, 177), 'getppid': (110, 173), 'sigaltstack': (131, 132),
    'arch_prctl': (158, None), 'gettid': (186, 178), 'time': (201, None), 'futex': (202, 98),
    'sched_getaffinity': (204, 123), 'getdents64': (217, 61), 'restart_syscall': (219, 128),
    'clock_gettime': (228, 113), 'clock_getres': (229, 114), 'clock_nanosleep': (230, 115), 'exit_group': (231, 94),
    'openat': (257, 56), 'newfstatat': (262, 79), 'readlinkat': (267, 78), 'faccessat': (269, 48),
    'pselect6': (270, 72), 'ppoll': (271, 73), 'set_robust_list': (273, 99), 'dup3': (292, 24),
    # the loop of asyncio waits, and wakes itself through a pair of sockets of its own
    'epoll_wait': (232, None), 'epoll_ctl': (233, 21), 'epoll_pwait': (281, 22), 'epoll_create1': (291, 20),
    'sendto': (44, 206), 'recvfrom': (45, 207),
    'getrandom': (318, 278), 'membarrier': (324, 283), 'statx': (332, 291), 'rseq': (334, 293), 'faccessat2': (439, 439),
}  # fmt: skip

# Where a step has a folder of its own: other rules say where it may do these.
ON_FILES = {
    'mkdir': (83, None), 'mkdirat': (258, 34), 'rmdir': (84, None), 'unlink': (87, None), 'unlinkat': (263, 35),
    'rename': (82, None), 'renameat': (264, 38), 'renameat2': (316, 276), 'ftruncate': (77, 46), 'fsync': (74, 82),
    'fdatasync': (75, 83), 'pwrite64': (18, 68),
}  # fmt: skip

SELF = 'the process itself'  # stands for its id, which is known only after the fork

AF_UNIX, STREAMS = 1, (1, 0x801, 0x80001, 0x80801)
# name: (numbers, argument, the values that it may have, and so on for further arguments)
CHECKED = {
    'kill': ((62, 129), 0, (SELF,)),
    'tgkill': ((234, 131), 0, (SELF,)),
    # Two ends that know only each other, as asyncio needs them: sendto reaches nobody else, whatever address it is given.
    'socketpair': ((53, 199), 0, (AF_UNIX,), 1, STREAMS),
    'prlimit64': ((302, 261), 0, (0,)),
    # duplicate, close-on-exec, status flags; not F_SETOWN, which sends signals
    'fcntl': ((72, 25), 1, (0, 1, 2, 3, 4, 1030)),
    # is it a terminal, how many bytes, close-on-exec, non-blocking
    'ioctl': ((16, 29), 1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
}
# What the C libraries make a thread with: it shares everything with its process, limits and this filter as well.
THREAD = (0x3D0F00, 0x7D0F00)
# Where processes wait with steps run; each fork of theirs needs leave, and signals reach none of them.
FORK = ((CLONE['x86_64'], CLONE['aarch64']), 0, (BESIDE,))
SIGNALS = ('kill', 'tgkill')
SECCOMP = (317, 277)
RECEIVE = (47, 212)  # there too, on the one socket that a process has
CLONE3 = (435, 435)

LOAD, JUMP_EQUAL, JUMP_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL, EPERM, ENOSYS, ASK = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026, 0x7FC00000
X32 = 0x40000000
SET_MODE_FILTER, NEW_LISTENER = 1, 8
TAKE, REPLY = 0xC0502100, 0xC0182101  # requests of ioctl
CONTINUE, NOT_PERMITTED = 1, 1


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]


def number_of(columns):
    return columns[list(AUDIT).index(platform.machine())]


def filter_of_forks():
    """A filter that has every clone ask, but for a thread, and lets all else pass. Result: it, and the memory that it lies in."""
    calls = (
        (LOAD, 0, 0, 0),
        (JUMP_EQUAL, 0, 4, number_of(FORK[0])),
        (LOAD, 0, 0, 16),  # the flags
        *((JUMP_EQUAL, left, 0, flags) for left, flags in zip((2, 1), THREAD)),
        (RETURN, 0, 0, ASK),
        (RETURN, 0, 0, ALLOW),
    )
    code = b''.join(struct.pack('HBBI', kind, yes, no, value) for kind, yes, no, value in calls)
    buffer = ctypes.create_string_buffer(code, len(code))
    return Program(len(calls), ctypes.addressof(buffer)), buffer


class Filter:
    """A filter, ready to be put in force by a child of the process that made it. Raises OSError on another machine."""

    def __init__(self, may_fork=False, may_write=False):
        machine = platform.machine()
        if machine not in AUDIT or sys.byteorder != 'little' or struct.calcsize('P') != 8:
            raise OSError(f'no system call table for {machine}, {struct.calcsize("P") * 8} bit; known: {", ".join(AUDIT)}')
        self.own_id = []  # offsets at which the id of the process belongs
        code = self.assemble(machine, may_fork, may_write)
        self.buffer = ctypes.create_string_buffer(code, len(code))
        self.program = Program(len(code) // 8, ctypes.addressof(self.buffer))

    def assemble(self, machine, may_fork, may_write):
        column = list(AUDIT).index(machine)
        code = bytearray()

        def emit(kind, value, yes=0, no=0):
            code.extend(struct.pack('HBBI', kind, yes, no, value))

        def test(number, *conditions):
            checks = list(zip(conditions[::2], conditions[1::2]))
            emit(JUMP_EQUAL, number, 0, sum(len(values) + 2 for _, values in checks) + 1)
            for argument, values in checks:
                emit(LOAD, 16 + 8 * argument)
                for left, value in zip(range(len(values), 0, -1), values):
                    if value is SELF:
                        self.own_id.append(len(code) + 4)
                    emit(JUMP_EQUAL, 0 if value is SELF else value, left, 0)
                emit(RETURN, EPERM)
            emit(RETURN, ALLOW)

        emit(LOAD, 4)
        emit(JUMP_EQUAL, AUDIT[machine], 1, 0)
        emit(RETURN, KILL)  # a call of another kind of machine, whose numbers mean something else
        emit(LOAD, 0)
        if machine == 'x86_64':
            emit(JUMP_LEAST, X32, 0, 1)
            emit(RETURN, KILL)
        for name, (numbers, *conditions) in CHECKED.items():
            if not may_fork or name not in SIGNALS:
                test(numbers[column], *conditions)
        emit(JUMP_EQUAL, CLONE3[column], 0, 1)
        emit(RETURN, ENOSYS)  # the C library then asks for clone
        clone, argument, copies = FORK
        test(clone[column], argument, THREAD + copies if may_fork else THREAD)
        allowed = [numbers[column] for numbers in (*ALLOWED.values(), *(ON_FILES.values() if may_write else ()))]
        allowed += [RECEIVE[column]] if may_fork else []
        for number in sorted(number for number in allowed if number is not None):
            emit(JUMP_EQUAL, number, 0, 1)
            emit(RETURN, ALLOW)
        emit(RETURN, EPERM)
        return bytes(code)

    def enforce(self, pid):
        """Puts the filter in force for this process, for good. Needs PR_SET_NO_NEW_PRIVS."""
        for offset in self.own_id:
            struct.pack_into('I', self.buffer, offset, pid)
        prctl(PR_SET_SECCOMP, 2, ctypes.addressof(self.program), what='seccomp')


def listen():
    """From here on every clone of this process and its children waits for an answer. Result: where they ask."""
    program, _buffer = filter_of_forks()
    none = ctypes.c_ulong(0)
    return check(LIBC.syscall(number_of(SECCOMP), SET_MODE_FILTER, NEW_LISTENER, ctypes.byref(program), none), 'seccomp listener')


def answer_fork(listener, may_fork):
    """Answers one question. `may_fork`: told the id of the process that asks."""
    question = bytearray(80)
    try:
        fcntl.ioctl(listener, TAKE, question)
        number, pid = struct.unpack_from('QI', question)
        reply = struct.pack('QqiI', number, 0, 0, CONTINUE) if may_fork(pid) else struct.pack('QqiI', number, 0, -NOT_PERMITTED, 0)
        fcntl.ioctl(listener, REPLY, reply)
    except FileNotFoundError:
        pass  # it has ended meanwhile
