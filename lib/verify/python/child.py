"""What a forked child does: gives up what a step does not need, runs code, reports on a descriptor of its own, ends.

Covered here: time, memory, descriptors, file size, environment, a report that printing cannot forge. Files,
network and other processes are covered by the isolation that is handed in, as far as its level goes. Not covered: code
that walks the frames of this file to forge its own verdict (flags.py tells such code).
"""

import json
import math
import os
import random
import resource
import signal
import sys

import plain
from flags import flags_of, is_ordinary
from linux import LIBC, PR_SET_PDEATHSIG, prctl
from scratch import MOST_BYTES, is_wanted
from steps import OUTPUT, RESULT, mark_of, new_module, reporter, run_steps
from waiting import CONTROL, run_and_wait

SPARE_MEMORY = 64 << 20  # bytes beyond the limit, for reporting a MemoryError


def lower(kind, soft, hard=None):
    """Sets a resource limit, or the nearest one that this process may set."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(soft if hard is None else hard, ceiling)
    resource.setrlimit(kind, (soft, soft if hard is None else hard))


def contain(limits, descriptors, parent, isolation, slot, may_fork, wants_files):
    null, output, result, *control = descriptors
    os.setsid()
    set_limits(limits, isolation.most_tasks(may_fork), wants_files)
    isolation.confine(slot, wants_files)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.dup2(result, RESULT)  # the pipes of the zygote had 3 and 4, so neither is in the way
    os.dup2(output, OUTPUT)
    if control:
        os.dup2(control[0], CONTROL)
    os.closerange(CONTROL + 1 if control else CONTROL, 1024)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if LIBC is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))  # after the change of uid, which takes it back
        if os.getppid() != parent:
            os._exit(1)
    random.seed(0)
    isolation.close(may_fork, wants_files)


def set_limits(limits, tasks, wants_files):
    seconds = limits['cpuMs'] / 1000
    lower(resource.RLIMIT_CPU, math.ceil(seconds) + 1, math.ceil(seconds) + 2)  # whole seconds: only the back-stop
    signal.setitimer(signal.ITIMER_PROF, seconds)
    memory = limits['memoryMb'] << 20
    try:
        lower(resource.RLIMIT_AS, memory, memory + SPARE_MEMORY)
    except (ValueError, OSError):
        if sys.platform == 'linux':
            raise  # elsewhere the kernel may not know this limit
    lower(resource.RLIMIT_FSIZE, MOST_BYTES if wants_files else 0)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, 32)
    if tasks is not None:
        lower(resource.RLIMIT_NPROC, tasks)  # 0 refuses fork and threads, except to root


def run(request, descriptors, nonce, parent, isolation, slot):
    """Never returns. Exit status: 0 after a report, 1 without one. With three descriptors a copy may wait, see waiting.py."""
    leave, dumps, report = os._exit, json.JSONEncoder().encode, reporter(nonce)
    try:
        wants_files = is_wanted(request.get('steps', ()))
        may_keep = len(descriptors) > 3 and is_ordinary(request['steps'][:-1])
        try:
            contain(request['limits'], descriptors, parent, isolation, slot, may_keep, wants_files)
        except Exception as error:
            report(dumps({'status': 'infra', 'message': f'{type(error).__name__} while limits were set: {error}'}).encode())
            leave(0)
        report(b'contained')
        if 'groups' in request:
            found = plain.run_batch(request['groups'], request['limits']['outputBytes'])
        elif len(descriptors) > 3:
            run_and_wait(request, report, isolation, may_keep)
        else:
            if request.get('detail'):
                report(b'flags ' + dumps(flags_of(request['steps'])).encode())
            mark = mark_of(nonce) if request.get('detail') else b''
            found = run_steps(request['steps'], *new_module(), report, mark)
        report(dumps(found).encode())
        leave(0)
    finally:
        leave(1)
