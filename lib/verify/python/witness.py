"""Where a child is, by the kernel's word: a step shares its process with whatever runs it, so nothing that the process says
of itself shows that a step has ended.

A child comes to rest in one place only, a read in at_rest.py, and there it is higher on the C stack than anything that a
step calls can be. /proc/PID/syscall tells of a process that sleeps in a system call which one, its arguments, and its stack
pointer. A step may know all that its process holds and call what it likes: it is still below that place until it returns
or raises. Left over: code that writes machine memory. Assumes Linux; elsewhere, or where the kernel does not tell, `open`
raises OSError.
"""

import contextlib
import os
import platform

from linux import LIBC

READ = {'x86_64': 0, 'aarch64': 63}
AT_REST, FAILED, BELOW = 13, 2, 9  # how many bytes are asked for: in at_rest.py, after an error there, by `PROBE`
PROBE = f"import os\nos.read(3, {BELOW})"  # the highest place that a step can read from
LEAST_GAP = 128  # bytes of stack; CPython 3.9 to 3.13 have 460 and more


class Witness:
    def __init__(self):
        """Before the process enters any namespace: its own list of processes may be out of reach there."""
        self.proc = os.open('/proc', os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.number, self.is_nested, self.least = READ.get(platform.machine()), False, None
        self.first_uid = None  # of the children, where it takes that to look at them

    def place(self, process):
        """(bytes asked for, stack pointer) of a process that waits in a read of descriptor 3; else None. Raises OSError
        where the kernel does not tell, or no more."""
        with self.right_to_look(process):
            if process.place is None:
                process.place = os.open(f'{self.name(process.pid)}/syscall', os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.proc)
            fields = os.pread(process.place, 256, 0).split()
        if len(fields) < 9 or int(fields[0]) != self.number or int(fields[1], 16) != 3:
            return None
        return int(fields[3], 16), int(fields[7], 16)

    @contextlib.contextmanager
    def right_to_look(self, process):
        """Root without CAP_SYS_PTRACE, as in many containers, may look at what it could as the child's own user."""
        if self.first_uid is not None:
            LIBC.setfsgid(self.first_uid + process.slot)
            LIBC.setfsuid(self.first_uid + process.slot)
        try:
            yield
        finally:
            if self.first_uid is not None:
                LIBC.setfsuid(os.geteuid())
                LIBC.setfsgid(os.getegid())

    def sees(self, process):
        """AT_REST or FAILED for a child that has come to rest there; else None."""
        try:
            place = self.place(process)
        except OSError:
            return None  # it has ended, or is about to
        if place is None or place[1] < self.least or place[0] not in (AT_REST, FAILED):
            return None
        return place[0]

    def learn(self, rest, below):
        """Takes stack pointers of a child that has run nothing yet, and of a step in it."""
        if rest - below < LEAST_GAP:
            raise OSError(f'the stack pointers {rest:#x} at rest and {below:#x} in a step are too close to tell them apart')
        self.least = rest - (rest - below) // 2

    def name(self, pid):
        """What the process is called in the list that was opened first."""
        if not self.is_nested:
            return pid
        descriptor = os.pidfd_open(pid)
        try:
            file = os.open(f'self/fdinfo/{descriptor}', os.O_RDONLY, dir_fd=self.proc)
            try:
                lines = os.read(file, 4096).split(b'\n')
            finally:
                os.close(file)
        finally:
            os.close(descriptor)
        return next(line.split()[1].decode() for line in lines if line.startswith(b'Pid:'))

    def threads(self, process):
        """How many threads a process has."""
        with self.right_to_look(process):
            file = os.open(f'{self.name(process.pid)}/task', os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.proc)
            try:
                return len(os.listdir(file))
            finally:
                os.close(file)

    def private_mb(self, process):
        """Memory that a process shares with no other, in MiB."""
        with self.right_to_look(process):
            file = os.open(f'{self.name(process.pid)}/smaps_rollup', os.O_RDONLY, dir_fd=self.proc)
            try:
                lines = os.read(file, 1 << 14).split(b'\n')
            finally:
                os.close(file)
        return sum(int(line.split()[1]) for line in lines if line.startswith(b'Private_')) / 1024
