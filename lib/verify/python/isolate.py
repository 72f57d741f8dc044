"""What keeps a step away from the machine, by level: 'jail' (jail.py), 'landlock' (landlock.py), or 'rlimit' (nothing, in
a container a uid).

Prepared once in the fork server, put in force in each child. Under the first two a child has a uid of its own where root
starts it, no privileges, and only the system calls of seccomp.py. Time, memory and output are child.py's matter.
"""

import os
import sys

import jail
import landlock
from linux import LIBC, PR_SET_DUMPABLE, drop_capabilities, prctl
from readable import readable_paths
from scratch import Scratch
from seccomp import Filter

MOST_TASKS = 64
FIRST_UIDS = 200_000, 60_200  # of the steps, where root runs the fork server: no account has them; some containers map few


class Isolation:
    def __init__(self, level, descriptors, in_container, may_fork=False, scratch=None):
        """Raises OSError with the reason where this machine refuses the level. `descriptors`: for the new process only.
        `may_fork`: whether processes are to wait with steps run; level jail only. `scratch`:
        where to make the folders of children that want one, at other levels."""
        self.level, self.uid, self.rules, self.may_fork = level, None, None, may_fork and level == 'jail'
        self.scratch = Scratch(level, scratch)
        if level == 'rlimit':
            # What else is in the container is the fork server: a user id of their own keeps steps from it, and from fork.
            if in_container and os.getuid() == 0 and are_readable_by_all(readable_paths()):
                self.uid = first_uid()
            return
        if LIBC is None:
            raise OSError(f'{level} needs Linux, this is {sys.platform}')
        self.filter, self.filter_with_files = Filter(self.may_fork), Filter(may_write=True)
        readable, is_root = readable_paths(), os.getuid() == 0
        self.readable = readable
        if level == 'jail':
            in_user_namespace = jail.enter(readable, descriptors)
            self.uid = first_uid() if is_root and not in_user_namespace else None
        else:
            self.rules = landlock.ruleset(*readable)
            # A Python in a private home needs root's ownership to be read; landlock and seccomp hold without a uid.
            self.uid = first_uid() if is_root and are_readable_by_all(readable) else None

    def describe(self):
        return {'level': self.level, 'ownUid': self.uid is not None}

    def confine(self, slot, has_files=False):
        """In a child: everything that must happen before the system call filter. `slot` tells children apart."""
        uid = None if self.uid is None else self.uid + slot
        own = self.scratch.make(uid) if has_files else None
        if self.rules is not None:
            landlock.restrict(landlock.ruleset(*self.readable, own) if own else self.rules)
        if uid is not None:
            become(uid)
        if self.level == 'rlimit':
            return
        drop_capabilities()
        prctl(PR_SET_DUMPABLE, 1)  # the change of uid takes it back; the fork server is to see where it waits, see witness.py

    def close(self, has_files=False):
        """In a child: the last thing before code runs."""
        if self.level != 'rlimit':
            (self.filter_with_files if has_files else self.filter).enforce(os.getpid())

    def most_tasks(self):
        """Threads and processes that a child may have together with all of its user; None: not to be counted, for others of
        that user are none of its business, and it has no right to make processes."""
        if self.level == 'rlimit':
            return 0
        return MOST_TASKS if self.level == 'jail' or self.uid is not None else None


def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def first_uid():
    """The first user id that a child of this process can take; None where root may not change it, as in some containers."""
    for uid in FIRST_UIDS:
        pid = os.fork()
        if pid == 0:
            try:
                become(uid)
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitpid(pid, 0)[1] == 0:
            return uid
    return None


def are_readable_by_all(readable):
    return all(readable_by_all(path) for paths in readable for path in paths)


def readable_by_all(path):
    """Whether every user may read `path`: some Pythons live in a private home."""
    wanted = 0o4
    while True:
        mode = os.stat(path).st_mode
        if mode & wanted != wanted:
            return False
        if path == '/':
            return True
        path, wanted = os.path.dirname(path), 0o1
