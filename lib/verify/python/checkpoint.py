"""The processes that wait with some steps run, as the fork server knows them, so that a long prefix runs once. Level jail only.

The first request after some steps runs them and leaves a copy of its process waiting before its own last step, see
waiting.py; what comes meanwhile with the same steps queues. All that descend from one first process are a family: one
process group, one slot. The whole family is killed when its last one goes.
"""

import collections
import json
import os
import signal
import socket

from waiting import MAX_MESSAGE

MOST_CHEAP = 1024  # keys remembered as not worth a waiting process


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
    def __init__(self, key, control, family):
        self.key, self.control, self.family = key, control, family
        self.pid = None  # until it is known which process waits
        self.queue = []  # requests that came before


class Checkpoints:
    """The waiting processes of a fork server, by the key of the steps that they have run; the least used leaves first."""

    def __init__(self, capacity):
        self.capacity, self.waiting, self.families = capacity, collections.OrderedDict(), set()
        self.cheap = collections.OrderedDict()  # keys of steps that ran too fast

    def holds(self, pid):
        """Whether a process is of a family: it waits, or has just run a request."""
        return any(family.has(pid) for family in self.families)

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

    def longest(self, keys):
        """`keys`: of the first step of a request, of the first two, and so on. Result: what waits with most of them, or is
        about to, and how many these are; None and 0 where nothing does."""
        for done in range(len(keys), 0, -1):
            if keys[done - 1] in self.waiting:
                self.waiting.move_to_end(keys[done - 1])
                return self.waiting[keys[done - 1]], done
        return None, 0

    def is_worth(self, key):
        return self.capacity > 0 and key not in self.waiting and key not in self.cheap

    def promise(self, key, control, family):
        """Room for a process that will wait, in place of the least used one."""
        self.join(family)
        self.waiting[key] = waiting = Waiting(key, control, family)
        idle = [other for other in self.waiting.values() if other.pid is not None]
        for other in idle[: max(0, len(self.waiting) - self.capacity)]:
            self.drop(other)
        return waiting

    def settle(self, waiting, pid):
        """The process that waits is known; 0: none does. Result: the requests that queued for it."""
        queue, waiting.queue = waiting.queue, []
        if pid and waiting.family.has(pid):
            waiting.pid = pid
        else:
            self.drop(waiting)
        return queue

    def note_cheap(self, key):
        self.cheap[key] = True
        if len(self.cheap) > MOST_CHEAP:
            self.cheap.popitem(last=False)

    def drop(self, waiting):
        del self.waiting[waiting.key]
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
