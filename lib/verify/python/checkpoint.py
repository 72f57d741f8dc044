"""The processes that wait with some steps run, as the fork server knows them, so that a long prefix runs once. Level jail only.

A process that has run all steps but the last of a request may stay as it is; the last runs in a copy of it, and so do later
requests whose steps begin alike. None of them is in the memory of the one that waits. It is stopped while it waits, forks
when the fork server says so and else never (seccomp.py), and what it has used of CPU time counts for whatever goes on from it.
All that wait share the memory that one step may have. The least used leaves first.
"""

import collections

MOST_CHEAP = 1024  # keys remembered as not worth a waiting process
PAYS_MS = 10  # CPU time of steps from which on waiting with them is worth the fork


class Waiting:
    def __init__(self, key):
        self.key = key
        self.process = None  # until it is known which one waits
        self.cpu_ms, self.megabytes = 0.0, 0.0
        self.copy = None  # the process that is being forked off
        self.queue = []  # requests that came meanwhile


class Checkpoints:
    """The waiting processes of a fork server, by the key of the steps that they have run."""

    def __init__(self, capacity):
        self.capacity, self.waiting = capacity, collections.OrderedDict()
        self.cheap = collections.OrderedDict()  # keys of steps that ran too fast

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

    def promise(self, key):
        self.waiting[key] = waiting = Waiting(key)
        return waiting

    def settle(self, waiting, process, cpu_ms, megabytes, most_megabytes):
        """A process can wait, where there is room, if need be in place of the least used. Result: whether it does, and those
        that leave for it."""
        if cpu_ms < PAYS_MS:
            self.cheap[waiting.key] = True
            if len(self.cheap) > MOST_CHEAP:
                self.cheap.popitem(last=False)
            return False, []
        if megabytes > most_megabytes:
            return False, []
        idle = [other for other in self.waiting.values() if other.process is not None and other.copy is None]
        leaving, used = [], megabytes + sum(other.megabytes for other in self.waiting.values())
        while len(self.waiting) - len(leaving) > self.capacity or used > most_megabytes:
            if not idle:
                return False, leaving
            leaving.append(idle.pop(0))
            used -= leaving[-1].megabytes
        waiting.process, waiting.cpu_ms, waiting.megabytes = process, cpu_ms, megabytes
        return True, leaving

    def drop(self, waiting):
        """Result: the requests that queued for it."""
        if self.waiting.get(waiting.key) is waiting:
            del self.waiting[waiting.key]
        queue, waiting.queue = waiting.queue, []
        return queue
