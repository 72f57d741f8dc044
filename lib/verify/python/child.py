"""What a forked child does: gives up what a step does not need, runs code, says what came of it, waits for more.

It is forked before there is anything to run, from a process that never sees a request; what it runs comes on a socket of its
own. Covered here: time, memory, descriptors, file size, environment. Files, network and other processes are covered by the
isolation that is handed in, as far as its level goes. That a step ended well is not for this process to say, see witness.py.
"""

import json
import math
import os
import random
import resource
import signal
import socket
import sys

import plain
from at_rest import CHANNEL, ENDS, OUTPUT, made
from flags import CLEAN, flags_of
from linux import LIBC, PR_SET_PDEATHSIG, fork_beside, prctl
from scratch import MOST_BYTES
from steps import describe, end, flags_after, flush, is_good_end, new_module, note

SPARE_MEMORY = 64 << 20  # bytes beyond the limit, for reporting a MemoryError
REST = made()


def lower(kind, soft, hard=None):
    """Sets a resource limit, or the nearest one that this process may set."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(soft if hard is None else hard, ceiling)
    resource.setrlimit(kind, (soft, soft if hard is None else hard))


def contain(null, output, channel, parent, isolation, slot, has_files):
    os.setsid()
    lower(resource.RLIMIT_FSIZE, MOST_BYTES if has_files else 0)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, 32)
    if (tasks := isolation.most_tasks()) is not None:
        lower(resource.RLIMIT_NPROC, tasks)  # 0 refuses fork and threads, except to root
    isolation.confine(slot, has_files)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    kept = os.dup(output) if output == CHANNEL else output
    os.dup2(channel, CHANNEL)
    os.dup2(kept, OUTPUT)
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
    isolation.close(has_files)


def begin(null, output, channel, parent, isolation, slot, has_files, leave=os._exit):
    """Never returns."""
    try:
        try:
            contain(null, output, channel, parent, isolation, slot, has_files)
        except Exception as error:
            report({'status': 'infra', 'message': f'{type(error).__name__} while limits were set: {error}'})
            leave(0)
        os.write(CHANNEL, b'contained\n')
        Jobs.module, out = new_module()
        REST(Jobs.module.__dict__, out, Jobs)
    finally:
        leave(1)


def report(found, encode=json.JSONEncoder().encode, write=os.write):
    line = encode(found).encode() + b'\n'
    while line:
        line = line[write(CHANNEL, line) :]


class Jobs:
    """What the loop at rest has done one level down. Nothing that these say can make a verdict better than it is."""

    module, wishes = None, []

    @staticmethod
    def take(kind, body):
        Jobs.KINDS[kind](body)

    @staticmethod
    def limit(body):
        try:
            Jobs.set_limits(json.loads(body))
        except Exception as error:
            report({'status': 'infra', 'message': f'{type(error).__name__} while limits were set: {error}'})
            os._exit(0)

    @staticmethod
    def set_limits(limits):
        seconds = math.ceil(limits['cpuMs'] / 1000)
        lower(resource.RLIMIT_CPU, seconds + 1, seconds + 2)  # whole seconds: only the back-stop
        memory = limits['memoryMb'] << 20
        try:
            lower(resource.RLIMIT_AS, memory, memory + SPARE_MEMORY)
        except (ValueError, OSError):
            if sys.platform == 'linux':
                raise  # elsewhere the kernel may not know this limit

    @staticmethod
    def look_at_all(body):
        report({'flags': flags_of(json.loads(body))})

    @staticmethod
    def look(text):
        text = text.decode('utf-8', 'surrogatepass')
        if (flags := flags_after(text, Jobs.module)) != CLEAN:
            report({'flags': flags})

    @staticmethod
    def batch(body):
        asked = json.loads(body)
        report({'results': plain.run_batch(asked['groups'], asked['outputBytes'])})

    @staticmethod
    def fork(_, copy=fork_beside, state=random.getstate, restore=random.setstate):
        """A copy takes the descriptors that come next, and this process waits on. Python starts random numbers anew in it."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, CHANNEL)
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 2)
        connection.detach()
        before = state()
        is_copy = copy() == 0
        for descriptor, place in zip(descriptors, (OUTPUT, CHANNEL)):
            if is_copy:
                os.dup2(descriptor, place)
            os.close(descriptor)
        if is_copy:
            restore(before)
            os.write(CHANNEL, b'contained\n')

    @staticmethod
    def leave(wish, kind):
        """A step asks for the end of the program. Raises where that is an error."""
        Jobs.wishes.append(wish)  # nothing of it is to be called where it came from
        if not is_good_end(wish.code):
            raise wish
        if kind not in ENDS:
            os.write(CHANNEL, b'last\n')  # it is no fault of the steps so far
            raise SystemExit('an earlier step ends the program, so this one is never reached')

    @staticmethod
    def end(text, kind, out):
        note(text)
        (end if kind in ENDS else flush)(out)

    @staticmethod
    def tell(error, filename, out):
        found = describe(error, filename)
        try:
            flush(out)
        except BaseException:
            found['flushed'] = False  # what was printed is not part of a failed step's verdict
        report(found)


Jobs.KINDS = {b'M': Jobs.limit, b'A': Jobs.look_at_all, b'G': Jobs.batch, b'F': Jobs.fork}
