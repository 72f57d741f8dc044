"""The wall limits of the children. Time in which this process itself stood still does not count: it was no fault of theirs."""

import time

from scratch import LOOK

STOOD_STILL = 0.1  # seconds outside of select from which on a pass did: stopped, or nobody read the replies


class Deadlines:
    """Of `runs`, by process id. A pass is one `select` and one `enforce`."""

    def __init__(self, runs):
        self.runs = runs
        self.looked = time.monotonic()
        self.slept = 0.0  # seconds of this pass in which it was right to do nothing

    def select(self, selector):
        """What can be read now, or by the next deadline."""
        deadline = min((run.deadline for run in self.runs.values() if run.killed is None), default=None)
        asleep = time.monotonic()
        patience = None if deadline is None else max(0, deadline - asleep)
        if any(run.has_files for run in self.runs.values()):
            patience = min(patience, LOOK) if patience is not None else LOOK
        events = selector.select(patience)
        slept = time.monotonic() - asleep
        self.slept = slept if patience is None else min(slept, patience)
        return events

    def enforce(self):
        """Kills what is late, or gives everybody the time that was lost."""
        before, self.looked = self.looked, time.monotonic()
        lost = self.looked - before - self.slept
        for run in list(self.runs.values()):
            if lost > STOOD_STILL:
                run.deadline = max(run.deadline, self.looked) + lost
            elif self.looked >= run.deadline:
                run.kill('wall')
