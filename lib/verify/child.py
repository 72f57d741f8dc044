"""What a forked child does: gives up what a step does not need, runs code, reports on a descriptor of its own, ends.

Covered here: time, memory, output, descriptors, file size, environment, a report that printing cannot forge. Files,
network and other processes are covered by the isolation that is handed in, as far as its level goes. Not covered: code
that walks the frames of this file to forge its own verdict (flags.py tells such code).
"""

import builtins
import json
import math
import os
import random
import resource
import signal
import socket
import sys
import time
import types

import plain
from checkpoint import await_request, copy
from flags import flags_of, is_ordinary
from linux import LIBC, PR_SET_PDEATHSIG, prctl

RESULT, OUTPUT, CONTROL = 3, 4, 5  # descriptors in the child; 0, 1 and 2 are /dev/null
MOST_PROCESSES = 64  # of a user, where fork is allowed
PAYS_MS = 10  # CPU time of steps from which on waiting with them is worth its forks
SPARE_MEMORY = 64 << 20  # bytes beyond the limit, for reporting a MemoryError


def lower(kind, soft, hard=None):
    """Sets a resource limit, or the nearest one that this process may set."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(soft if hard is None else hard, ceiling)
    resource.setrlimit(kind, (soft, soft if hard is None else hard))


def contain(limits, descriptors, parent, isolation, slot, may_fork):
    null, output, result, *control = descriptors
    os.setsid()
    set_limits(limits, may_fork)
    isolation.confine(slot)
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
    isolation.close(may_fork)


def set_limits(limits, may_fork):
    seconds = limits['cpuMs'] / 1000
    lower(resource.RLIMIT_CPU, math.ceil(seconds) + 1, math.ceil(seconds) + 2)  # whole seconds: only the back-stop
    signal.setitimer(signal.ITIMER_PROF, seconds)
    memory = limits['memoryMb'] << 20
    try:
        lower(resource.RLIMIT_AS, memory, memory + SPARE_MEMORY)
    except (ValueError, OSError):
        if sys.platform == 'linux':
            raise  # elsewhere the kernel may not know this limit
    lower(resource.RLIMIT_FSIZE, 0)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, 32)
    lower(resource.RLIMIT_NPROC, MOST_PROCESSES if may_fork else 0)  # 0 refuses fork and threads, except to root


def reporter(nonce, write=os.write):
    """A function that sends one line to the zygote. `nonce` tells these lines from what a step may write there."""
    head = nonce.encode() + b' '

    def report(body):
        line = head + body + b'\n'
        while line:
            line = line[write(RESULT, line) :]

    return report


def mark_of(nonce):
    """What stands before each step's output where all of it is kept."""
    return b'\0' + nonce[::-1].encode() + b'\n'


def describe(error, filename):
    """Type, message and line of an exception, as strings that a step may have made unusable."""
    try:
        message = str(error.msg if isinstance(error, SyntaxError) and type(error.msg) is str else error)[:500]
    except BaseException:
        message = 'the message of this exception cannot be read'
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None and isinstance(error, SyntaxError):
        line = error.lineno
    status = 'memory' if isinstance(error, MemoryError) else 'error'
    found = {'status': status, 'type': type(error).__name__[:100], 'message': message, 'line': line}
    if isinstance(error, ModuleNotFoundError) and type(error.name) is str:
        found['module'] = error.name[:100]
    return found


def new_module():
    """The namespace of a program, with the streams of python3 under LANG=C.UTF-8. Result: it, and standard output."""
    module = types.ModuleType('__main__')
    module.__builtins__ = builtins
    sys.modules['__main__'] = module
    sys.stdin = open(0, encoding='utf-8', errors='surrogateescape', closefd=False)
    out = sys.stdout = sys.__stdout__ = open(1, 'w', encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stderr = sys.__stderr__ = open(2, 'w', encoding='utf-8', errors='backslashreplace', closefd=False)
    return module, out


def run_steps(steps, module, out, report, mark=b'', number=1):
    """Runs the steps, the first of which is the program's step `number`, in the namespace of `module`. Only what the last
    one prints reaches the zygote; with `mark`, bytes that no step knows beforehand, what all of them print, `mark` before
    each.
    """
    last = len(steps) - 1
    for index, text in enumerate(steps):
        filename = f'<step {index + number}>'
        try:
            if not out.closed:
                out.flush()
            if index == 0 if mark else index == last:
                os.dup2(OUTPUT, 1)
                os.close(OUTPUT)
            if mark:
                os.write(1, mark)
            if index == last:
                report(b'last')
            exec(compile(text, filename, 'exec'), module.__dict__)
            if index == last and not out.closed:
                out.flush()
        except BaseException as error:
            if isinstance(error, MemoryError):
                hard = resource.getrlimit(resource.RLIMIT_AS)[1]
                resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
            found = describe(error, filename)
            found['step'] = index
            try:
                if not out.closed:
                    out.flush()
            except BaseException:
                found['flushed'] = False  # what was printed is not part of a failed step's verdict
            return found
    return {'status': 'ok', 'step': last}


def run(request, descriptors, nonce, parent, isolation, slot):
    """Never returns. Exit status: 0 after a report, 1 without one. With three descriptors it may be kept, see checkpoint.py."""
    leave, dumps, report = os._exit, json.JSONEncoder().encode, reporter(nonce)
    try:
        may_keep = len(descriptors) > 3 and is_ordinary(flags_of(request['steps']))
        try:
            contain(request['limits'], descriptors, parent, isolation, slot, may_keep)
        except Exception as error:
            report(dumps({'status': 'infra', 'message': f'{type(error).__name__} while limits were set: {error}'}).encode())
            leave(0)
        report(b'contained')
        if 'groups' in request:
            found = plain.run_batch(request['groups'], request['limits']['outputBytes'])
        elif may_keep:
            run_and_wait(request, report, isolation)
        else:
            if request.get('detail'):
                report(b'flags ' + dumps(flags_of(request['steps'])).encode())
            mark = mark_of(nonce) if request.get('detail') else b''
            found = run_steps(request['steps'], *new_module(), report, mark)
        report(dumps(found).encode())
        leave(0)
    finally:
        leave(1)


def run_and_wait(request, report, isolation):
    """Runs the steps, then waits for requests that continue them; every process that this makes ends in here."""
    leave, dumps, duplicate, close = os._exit, json.JSONEncoder().encode, os.dup2, os.close
    clock, set_timer, connect = time.process_time, signal.setitimer, socket.socket
    steps, number, spent = request['steps'], 1, 0.0
    module, out = new_module()
    while True:
        found = run_steps(steps, module, out, report, number=number)
        spent += clock()
        pays = may_keep_on(found, out) and spent * 1000 >= PAYS_MS
        pid = try_copy() if pays else None
        if pid != 0:
            if pid:
                report(b'kept %d' % pid)
            report(dumps(found).encode())
            leave(0)
        number += len(steps)
        for descriptor in (1, RESULT):
            duplicate(0, descriptor)  # the zygote sees the end of the other half's pipes
        control = connect(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, CONTROL)
        request, (output, result, next_control), pid = await_request(control)
        control.detach()
        for descriptor, place in ((output, OUTPUT), (result, RESULT), (next_control, CONTROL)):
            if descriptor != place:
                duplicate(descriptor, place)
                close(descriptor)
        set_timer(signal.ITIMER_PROF, max(0.01, request['limits']['cpuMs'] / 1000 - spent))
        report = reporter(request['nonce'])
        steps, found = request['steps'], flags_of(request['steps'])
        report(b'contained')
        if pid is not None:
            report(b'waits %d' % pid)
        if not is_ordinary(found):
            isolation.close()  # no fork for this one, so it is not kept either
            report(dumps(run_steps(steps, module, out, report, number=number)).encode())
            leave(0)


def try_copy():
    try:
        return copy()
    except OSError:
        return None  # there are too many processes to add one that waits


def may_keep_on(found, out):
    return found['status'] == 'ok' and not out.closed
