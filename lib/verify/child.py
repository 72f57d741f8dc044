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
import sys
import types

import plain
from flags import flags_of
from linux import LIBC, PR_SET_PDEATHSIG, prctl

RESULT, OUTPUT = 3, 4  # descriptors in the child; 0, 1 and 2 are /dev/null
SPARE_MEMORY = 64 << 20  # bytes beyond the limit, for reporting a MemoryError


def lower(kind, soft, hard=None):
    """Sets a resource limit, or the nearest one that this process may set."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(soft if hard is None else hard, ceiling)
    resource.setrlimit(kind, (soft, soft if hard is None else hard))


def contain(limits, descriptors, parent, isolation, slot):
    null, output, result = descriptors
    os.setsid()
    set_limits(limits)
    isolation.confine(slot)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.dup2(result, RESULT)  # the pipes of the zygote had 3 and 4, so neither is in the way
    os.dup2(output, OUTPUT)
    os.closerange(OUTPUT + 1, 1024)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if LIBC is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))  # after the change of uid, which takes it back
        if os.getppid() != parent:
            os._exit(1)
    random.seed(0)
    isolation.close()


def set_limits(limits):
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
    lower(resource.RLIMIT_NPROC, 0)  # refuses fork and threads, except to root


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


def run_steps(steps, report, mark):
    """Runs the steps one after the other in one namespace. Only what the last one prints reaches the zygote; with `mark`,
    bytes that no step knows beforehand, what all of them print, `mark` before each.
    """
    module = types.ModuleType('__main__')
    module.__builtins__ = builtins
    sys.modules['__main__'] = module
    # the settings of python3 under LANG=C.UTF-8
    sys.stdin = open(0, encoding='utf-8', errors='surrogateescape', closefd=False)
    out = sys.stdout = sys.__stdout__ = open(1, 'w', encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stderr = sys.__stderr__ = open(2, 'w', encoding='utf-8', errors='backslashreplace', closefd=False)
    last = len(steps) - 1
    for index, text in enumerate(steps):
        filename = f'<step {index + 1}>'
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
    """Never returns. Exit status: 0 after a report, 1 without one."""
    leave, dumps, report = os._exit, json.JSONEncoder().encode, reporter(nonce)
    try:
        try:
            contain(request['limits'], descriptors, parent, isolation, slot)
        except Exception as error:
            report(dumps({'status': 'infra', 'message': f'{type(error).__name__} while limits were set: {error}'}).encode())
            leave(0)
        report(b'contained')
        if 'groups' in request:
            found = plain.run_batch(request['groups'], request['limits']['outputBytes'])
        else:
            if request.get('detail'):
                report(b'flags ' + dumps(flags_of(request['steps'])).encode())
            found = run_steps(request['steps'], report, mark_of(nonce) if request.get('detail') else b'')
        report(dumps(found).encode())
        leave(0)
    finally:
        leave(1)
