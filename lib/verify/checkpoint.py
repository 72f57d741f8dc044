"""Processes that have run some steps and wait to be copied, so that a long prefix runs once. Level jail only.

A process that is done with its steps forks: one half reports and ends, the other half waits. When a request continues
these steps, the waiting half forks again: the old one runs the request and ends, as a child of the fork server whose end
it sees; the new one waits on. All that come from one first process are a family: one process group, one slot. Fork stays
allowed in them, so only code that flags.py finds nothing in is kept, and the whole family is killed when its last one goes.
"""

import collections
import json
import os
import random
import signal
import socket

MAX_MESSAGE = 64 << 10


class Family:
    def __init__(self, group, slot):
        self.group, self.slot = group, slot
        self.members = 0  # waiting processes and runs

    def has(self, pid):
        """Whether the process is one of it: its own word is not taken for that."""
        try:
            return os.getpgid(pid) == self.group
        except ProcessLookupError:
            return False


class Waiting:
    def __init__(self, pid, control, family):
        self.pid, self.control, self.family = pid, control, family
        self.queue = []  # requests that came before it was known which process waits now


class Checkpoints:
    """The waiting processes of a fork server, by the key of the steps that they have run; the least used leaves first."""

    def __init__(self, capacity):
        self.capacity, self.waiting, self.families = capacity, collections.OrderedDict(), set()

    def slots(self):
        return {family.slot for family in self.families}

    def join(self, family):
        family.members += 1
        self.families.add(family)

    def leave(self, family):
        family.members -= 1
        if family.members == 0:
            self.families.discard(family)
            try:
                os.killpg(family.group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass  # nothing is left in it

    def find(self, key):
        """The process that waits with these steps run; None: none does."""
        if key not in self.waiting:
            return None
        self.waiting.move_to_end(key)
        return self.waiting[key]

    def keep(self, key, pid, control, family):
        """Takes a waiting process in, where it is what it says. Result: whether it is kept."""
        if not family.has(pid) or key in self.waiting:
            control.close()
            return False
        self.join(family)
        self.waiting[key] = Waiting(pid, control, family)
        idle = [key for key, waiting in self.waiting.items() if waiting.pid is not None]
        if len(self.waiting) > self.capacity:
            self.drop(idle[0])
        return True

    def drop(self, key):
        waiting = self.waiting.pop(key)
        waiting.control.close()
        if waiting.pid is not None and waiting.family.has(waiting.pid):
            os.kill(waiting.pid, signal.SIGKILL)
        self.leave(waiting.family)


def wake(waiting, request, descriptors):
    """Hands a request over. False: the process does not take it. `descriptors`: for its output, report and control."""
    message = json.dumps(request).encode()
    if len(message) > MAX_MESSAGE:
        return False
    try:
        waiting.control.setblocking(False)
        socket.send_fds(waiting.control, [message], descriptors)
        return True
    except OSError:
        return False


def control_pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def copy(fork=os.fork, state=random.getstate, restore=random.setstate):
    """fork that leaves the random numbers of the copy where they are: Python starts them anew."""
    before = state()
    pid = fork()
    if pid == 0:
        restore(before)
    return pid


def await_request(control, fork=copy, leave=os._exit, receive=socket.recv_fds, loads=json.loads, close=os.close):
    """In a waiting process. Returns in the one that runs the next request: (request, descriptors, pid of the one that waits,
    None where fork failed and none does)."""
    while True:
        message, descriptors, _, _ = receive(control, MAX_MESSAGE, 3)
        if not message:
            leave(0)
        try:
            pid = fork()
        except OSError:
            return loads(message), descriptors, None
        if pid:
            return loads(message), descriptors, pid
        for descriptor in descriptors:
            close(descriptor)
