"""The limits on time of the children, from outside. Time in which this process itself stood still does not count: it was no
fault of theirs.
"""

import time

STOOD_STILL = 0.1  # seconds outside of select from which on a pass did: stopped, or nobody read the replies
LATE_MS = 100  # CPU time beyond the limit at which a child is killed that should have been ended by its own timer


class Deadlines:
    """Of `runs`. A pass is one `select` and one `enforce`."""

    def __init__(self, runs):
        self.runs = runs
        self.looked = time.monotonic()
        self.slept = 0.0  # seconds of this pass in which it was right to do nothing

    def select(self, selector):
        """What can be read now, or by the next deadline."""
        times = [at for run in self.runs if run.killed is None for at in (run.deadline, run.look_at, run.cpu_look_at) if at]
        asleep = time.monotonic()
        patience = max(0, min(times) - asleep) if times else None
        events = selector.select(patience)
        slept = time.monotonic() - asleep
        self.slept = slept if patience is None else min(slept, patience)
        return events

    def enforce(self):
        """Kills what is late, or gives everybody the time that was lost. Result: the runs to look at again."""
        before, self.looked = self.looked, time.monotonic()
        lost = self.looked - before - self.slept
        for run in list(self.runs):
            if lost > STOOD_STILL:
                run.deadline = max(run.deadline, self.looked) + lost
            elif self.looked >= run.deadline:
                run.kill('wall')
            elif run.cpu_look_at and self.looked >= run.cpu_look_at:
                self.enforce_cpu(run)
        return [run for run in self.runs if run.look_at and self.looked >= run.look_at]

    def enforce_cpu(self, run):
        left = run.cpu_ms + LATE_MS - run.cpu_before - run.process.cpu_ms()
        if left <= 0:
            run.kill('cpu')
        else:
            run.cpu_look_at = self.looked + left / 1000
