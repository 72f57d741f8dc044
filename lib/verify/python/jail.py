"""Namespaces around a process and all its children: no other process to see, no network, of the files only those that
Python needs, read-only. Assumes Linux, and root or a kernel that lets users make namespaces; else an OSError says what
was refused. Who runs in it (uid, system calls, limits) is set per child, see child.py.
"""

import os
import re
import select
import signal
import struct

from linux import LIBC, PR_SET_PDEATHSIG, check, prctl

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
ALL_BUT_USER = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
# Flags of a mount that a user namespace must keep: by statvfs, by mount. 'relatime' has two numbers.
KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
DETACH = 2
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, SET_RDONLY = 442, -100, 0x8000, 1  # the same on every machine; nosuid and nodev as above
SCRATCH = '/.scratch'  # where a child may have a file system of its own
NEW_ROOT = '/proc'  # becomes the mount point of the new root: it exists everywhere, and nothing below it is bound


def mount(source, target, kind, flags, options=None):
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    check(LIBC.mount(*texts, flags, None if options is None else options.encode()), f'mount {target}')


def make_read_only(target, mounts, device):
    """A mount and every one below it, for a bind brings those along as writable as they were. `mounts`: the open mountinfo."""
    attributes = struct.pack('4Q', SET_RDONLY | NOSUID | device, 0, 0, 0)
    if LIBC.syscall(MOUNT_SETATTR, AT_FDCWD, target.encode(), AT_RECURSIVE, attributes, len(attributes)) == 0:
        return
    mounts.seek(0)  # a kernel before 5.12
    points = [re.sub(r'\\(\d{3})', lambda found: chr(int(found[1], 8)), line.split()[4]) for line in mounts]
    for point in [point for point in points if point == target or point.startswith(target + '/')]:
        flags = os.statvfs(point).f_flag
        kept = sum(by_mount for by_statvfs, by_mount in KEPT.items() if flags & by_statvfs)
        mount(None, point, None, BIND | REMOUNT | RDONLY | NOSUID | device | kept)


def unshare():
    """Enters new namespaces. Result: whether one of them is a user namespace, in which this user alone exists."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and LIBC.unshare(ALL_BUT_USER) == 0:
        return False
    what = 'unshare, which root may do with CAP_SYS_ADMIN, users where user namespaces are switched on'
    check(LIBC.unshare(NEWUSER | ALL_BUT_USER), what)  # as root too: some containers take the one, not the other
    for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {uid} 1'), ('gid_map', f'0 {gid} 1')):
        with open(f'/proc/self/{name}', 'w') as file:
            file.write(text)
    return True


def enter(readable, descriptors):
    """Returns in a new process, first of its pid namespace, whose files are `readable` (see readable.py). Result: as unshare's.

    The process that called waits, holds none of `descriptors`, and ends as the new one ends; when it is killed, the
    kernel ends the new one and with it everything in the namespace.
    """
    in_user_namespace = unshare()
    alive, alive_end = os.pipe()
    pid = os.fork()
    if pid:
        for descriptor in (*descriptors, alive):
            os.close(descriptor)
        while True:
            _, status = os.waitpid(pid, 0)
            os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
    os.close(alive_end)
    prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)  # the other one ended before this one asked to end with it
    os.close(alive)
    make_root(*readable)
    LIBC.sethostname(b'sandbox', 7)
    return in_user_namespace


def make_root(whole, modules, folders):
    mounts = open('/proc/self/mountinfo')  # before it is out of sight
    mount(None, '/', None, REC | PRIVATE)
    mount('tmpfs', NEW_ROOT, 'tmpfs', NOSUID | NODEV, 'size=1m,mode=0755')
    for path in folders:
        os.makedirs(NEW_ROOT + path, exist_ok=True)
    for path in (*whole, *modules):
        target = NEW_ROOT + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(path) and path not in modules:
            if not os.path.lexists(target):
                os.symlink(os.readlink(path), target)
            continue
        if os.path.isdir(path):
            os.makedirs(target, exist_ok=True)
        else:
            open(target, 'w').close()
        mount(path, target, None, BIND | REC)
        make_read_only(target, mounts, 0 if path.startswith('/dev/') else NODEV)
    mounts.close()
    os.mkdir(NEW_ROOT + SCRATCH)
    old = NEW_ROOT + '/old'
    os.makedirs(old)
    check(LIBC.pivot_root(NEW_ROOT.encode(), old.encode()), 'pivot_root')
    os.chdir('/')
    check(LIBC.umount2(b'/old', DETACH), 'umount')
    os.rmdir('/old')
    mount(None, '/', None, BIND | REMOUNT | RDONLY | NOSUID | NODEV)


def mount_scratch(size, files, uid):
    """In a child: an empty file system in memory, of `size` bytes and so many files, for the user `uid`; no other process sees it."""
    check(LIBC.unshare(NEWNS), 'unshare')
    mount('tmpfs', SCRATCH, 'tmpfs', NOSUID | NODEV | NOEXEC, f'size={size},nr_inodes={files},mode=0700,uid={uid},gid={uid}')
