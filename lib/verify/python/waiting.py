"""The processes that checkpoint.py keeps, from inside: runs steps, and leaves a copy of itself waiting before the last one.

The copy is continued by later requests whose steps begin alike. Each time it forks: one half runs the request and ends,
the other half waits on. Only steps in which flags.py finds nothing run while fork is allowed, and the last step of a
request, the one that nobody has run before, never does.
"""

import json
import os
import random
import signal
import socket
import time

from flags import is_ordinary
from linux import fork_beside
from steps import OUTPUT, RESULT, new_module, reporter, run_steps

CONTROL = 5  # descriptor on which requests come
PAYS_MS = 10  # CPU time of steps from which on waiting with them is worth the fork
MAX_MESSAGE = 64 << 10


def run_and_wait(request, report, isolation, may_keep):
    """Runs the steps of a request. Every process that this makes ends in here."""
    leave, dumps, duplicate, close = os._exit, json.JSONEncoder().encode, os.dup2, os.close
    clock, set_timer, connect = time.process_time, signal.setitimer, socket.socket
    steps, number, spent, may_fork = request['steps'], 1, 0.0, may_keep
    module, out = new_module()
    while True:
        pid = None
        if may_keep:
            found = run_steps(steps[:-1], module, out, report, number=number, is_end=False)
            if found['status'] != 'ok':
                report(dumps(found).encode())
                leave(0)
            number, steps, spent = number + len(steps) - 1, steps[-1:], spent + clock()
            if spent * 1000 >= PAYS_MS and not out.closed:
                pid = try_copy()
        if pid != 0:
            report(b'kept %d' % (pid or 0))
            duplicate(0, CONTROL)  # it is the copy's
            if may_fork:
                isolation.close()  # not from here on
            report(dumps(run_steps(steps, module, out, report, number=number)).encode())
            leave(0)
        for descriptor in (OUTPUT, RESULT):
            duplicate(0, descriptor)  # the zygote sees the end of the other half's pipes
        control = connect(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, CONTROL)
        request, descriptors, pid = await_request(control)
        control.detach()
        for descriptor, place in zip(descriptors, (OUTPUT, RESULT, CONTROL)):
            duplicate(descriptor, place)
            close(descriptor)
        set_timer(signal.ITIMER_PROF, max(0.01, request['limits']['cpuMs'] / 1000 - spent))
        report = reporter(request['nonce'])
        report(b'contained')
        report(b'waits %d' % (pid or 0))
        steps, may_fork = request['steps'], True
        may_keep = len(descriptors) > 2 and is_ordinary(steps[:-1])


def try_copy():
    try:
        return copy()
    except OSError:
        return None  # there are too many processes to add one that waits


def copy(fork=fork_beside, state=random.getstate, restore=random.setstate):
    """A fork that leaves the random numbers of the copy where they are: Python starts them anew."""
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
