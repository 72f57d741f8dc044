"""Fork server: one forked child per request, so that no code runs in a process that another one sees.

Requests come on descriptor 3, replies leave on 4: u32be length, then UTF-8 JSON. Ends when 3 reaches its end, and takes
its children along. The other side limits how many requests are under way; nothing is queued here. Assumes fork,
hence Linux or macOS. `argv[1]`, a JSON object: "level", see isolate.py; "preload": modules to import before the first
fork; "warmUp": code to run then; "checkpoints": how many processes may wait with steps run; "probe": see probe.py;
"stdio": requests come on 0 and replies leave on 1, as through a command that hands on nothing else.
"""

import gc
import importlib
import importlib.util
import itertools
import json
import os
import platform
import selectors
import signal
import struct
import sys
import tempfile
import time

folder = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [folder] + [entry for entry in sys.path if os.path.abspath(entry or '.') != folder]  # no -P before 3.11
import child  # noqa: E402
from checkpoint import Checkpoints, Family, control_pair, wake  # noqa: E402
from isolate import Isolation  # noqa: E402
from linux import LIBC, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, prctl  # noqa: E402
from probe import reach  # noqa: E402
from report import ending, parse_flags, parse_report, who_waits  # noqa: E402

del sys.path[0]
for name in ('checkpoint', 'child', 'flags', 'isolate', 'jail', 'landlock', 'linux', 'plain', 'probe', 'report', 'seccomp'):
    del sys.modules[name]  # not for steps to import

REQUESTS, REPLIES = 3, 4
MAX_FRAME = 16 << 20
MAX_REPORT = 64 << 10

selector = selectors.DefaultSelector()
runs = {}  # pid -> Run
checkpoints = Checkpoints(0)


class Run:
    """One child: its request, its two pipes, and what has come of it so far."""

    def __init__(self, request):
        limits = request['limits']
        self.id, self.is_batch = request['id'], 'groups' in request
        self.cpu_ms, self.max_output = limits['cpuMs'], limits['outputBytes']
        self.started = time.monotonic()
        self.deadline = self.started + limits['wallMs'] / 1000
        self.nonce = os.urandom(16).hex()
        self.mark = child.mark_of(self.nonce) if request.get('detail') else b''
        self.marks = 0  # steps whose output has begun, where they are marked
        self.slot = None  # tells it from all others that run or wait
        self.pid = None
        self.output, self.output_bytes = bytearray(), 0
        self.report, self.max_report = bytearray(), MAX_FRAME // 2 if self.is_batch else MAX_REPORT
        self.pipes = {}  # descriptor -> 'output' or 'report'
        self.killed = None  # why, when the zygote did it
        self.ended = False
        self.keep = request.get('keep')  # key under which a process may wait with all these steps run
        self.control = None  # this end of that process's socket
        self.family = None
        self.woken = None  # the waiting process that it was, until the one that waits now is known


def start(request, null, isolation):
    waiting = checkpoints.find(request.get('from'))
    if waiting is None:
        start_fresh(request, null, isolation)
    elif waiting.pid is None:
        waiting.queue.append((request, null, isolation))
    else:
        continue_waiting(waiting, request, null, isolation)


def start_fresh(request, null, isolation):
    run, zygote = Run(request), os.getpid()
    used = {run.slot for run in runs.values()} | checkpoints.slots()
    run.slot = next(slot for slot in itertools.count() if slot not in used)
    ends = open_pipes(run)
    try:
        run.pid = os.fork()
    except OSError as error:
        abandon(run, ends)
        reply({'id': run.id, 'status': 'infra', 'message': f'fork failed: {error.strerror}'})
        return
    if run.pid == 0:
        child.run(request, (null, *ends), run.nonce, zygote, isolation, run.slot)
    if run.control:
        run.family = Family(run.pid, run.slot)
        checkpoints.join(run.family)
    watch(run, ends)


def continue_waiting(waiting, request, null, isolation):
    run = Run(request)
    run.family, run.slot, run.pid, run.woken = waiting.family, waiting.family.slot, waiting.pid, waiting
    ends = open_pipes(run)
    new_steps = request['steps'][request['done'] :]
    message = {'steps': new_steps, 'limits': request['limits'], 'nonce': run.nonce}
    if not wake(waiting, message, ends):
        abandon(run, ends)
        start_fresh(request, null, isolation)
        return
    checkpoints.join(run.family)
    waiting.pid = None
    watch(run, ends)


def open_pipes(run):
    """This side of a run's pipes goes into `run.pipes`. Result: the other sides, for output, report and control."""
    (output, output_end), (report, report_end) = os.pipe(), os.pipe()
    run.pipes = {output: 'output', report: 'report'}
    if not run.keep or not checkpoints.capacity:
        return [output_end, report_end]
    run.control, control_end = control_pair()
    return [output_end, report_end, control_end.detach()]


def abandon(run, ends):
    for descriptor in (*ends, *run.pipes):
        os.close(descriptor)
    if run.control:
        run.control.close()


def watch(run, ends):
    runs[run.pid] = run
    for descriptor in ends:
        os.close(descriptor)
    for descriptor in run.pipes:
        os.set_blocking(descriptor, False)
        selector.register(descriptor, selectors.EVENT_READ, run)


def note_who_waits(run):
    """Once a woken process has told which one waits in its place, that one takes the next request of its queue."""
    pid = who_waits(run.report, run.nonce)
    if pid is None and not run.ended:
        return
    waiting, run.woken = run.woken, None
    genuine = pid is not None and run.family.has(pid)
    waiting.pid = pid if genuine else None
    queue, waiting.queue = waiting.queue, []
    if not genuine:
        for key in [key for key, other in checkpoints.waiting.items() if other is waiting]:
            checkpoints.drop(key)
    for request in queue:
        start(*request)


def take(run, descriptor):
    """Reads once from a pipe of a child and enforces the caps. Result: whether there may be more."""
    try:
        data = os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return False
    if not data:
        close(run, descriptor)
        return False
    if run.pipes[descriptor] == 'output':
        run.output_bytes += len(data)
        run.output += data
        while run.mark and run.mark in run.output:
            printed, _, after = run.output.partition(run.mark)
            if len(printed) > run.max_output:
                kill(run, 'output')
                return False
            run.output = after
            run.output_bytes -= len(printed) + len(run.mark)
            run.marks += 1
        del run.output[run.max_output + len(run.mark) :]
        if run.output_bytes > run.max_output + len(run.mark):  # a part of the next mark may be among them
            kill(run, 'output')
            return False
    else:
        run.report += data
        if run.woken:
            note_who_waits(run)
        if len(run.report) > run.max_report:
            kill(run, 'report')
            return False
    return True


def close(run, descriptor):
    selector.unregister(descriptor)
    os.close(descriptor)
    del run.pipes[descriptor]


def kill(run, why):
    if run.killed is None:
        run.killed = why
        if not run.ended:
            os.kill(run.pid, signal.SIGKILL)


def finish(run, status, usage):
    """The child has ended: what it left behind is killed, its pipes are emptied, its verdict leaves."""
    run.ended = True
    del runs[run.pid]
    if not run.is_batch and run.family is None:
        try:
            os.killpg(run.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # the usual case: nothing is left in its group
        kill_strays()
    for descriptor in list(run.pipes):
        while take(run, descriptor):
            pass
        if descriptor in run.pipes:
            close(run, descriptor)
    if run.woken:
        note_who_waits(run)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000
    answer = {'id': run.id, 'cpuMs': round(cpu_ms, 2), 'wallMs': round((time.monotonic() - run.started) * 1000, 2)}
    lines = bytes(run.report).split(b'\n')
    head = run.nonce.encode() + b' '
    bodies = [line[len(head) :] for line in lines[:-1] if line.startswith(head)]
    genuine = len(bodies) == len(lines) - 1 and lines[-1] == b'' and run.killed != 'report'
    contained = b'contained' in bodies
    found = None
    if code == 0 and genuine and bodies and not run.is_batch:
        found = parse_report(bodies[-1], ('ok', 'error', 'memory') if contained else ('infra',))
    answer['reachedLast'] = b'last' in bodies
    if run.mark:
        answer['step'] = max(0, run.marks - 1)
        answer['maxRssMb'] = round(usage.ru_maxrss / (1 << 20 if sys.platform == 'darwin' else 1 << 10), 1)
        answer['flags'] = parse_flags(bodies)
    if run.killed == 'wall':
        answer.update(status='timeout', clock='wall')
    elif run.output_bytes > run.max_output:
        answer['status'] = 'output'
    elif run.is_batch and code == 0 and genuine and len(bodies) == 2:
        # plain code cannot have written it, and the other side parses it anyway
        send(json.dumps(answer)[:-1].encode() + b', "status": "batch", "results": ' + bodies[-1] + b'}')
        return
    elif found is not None:
        answer.update(found)
    elif code in (-signal.SIGPROF, -signal.SIGXCPU) or (code == -signal.SIGKILL and cpu_ms >= run.cpu_ms):
        answer.update(status='timeout', clock='cpu')
    elif not contained:
        answer.update(status='infra', message=f'the child ended with {ending(code)} before it ran any code')
    elif not genuine:
        answer.update(status='died', how='something else than the report came on its descriptor')
    else:
        answer.update(status='died', how=f'{ending(code)} without a report')
    if run.family:
        answer['kept'] = any(body.startswith(b'kept ') for body in bodies)
        settle_family(run, bodies if answer['status'] == 'ok' else ())
    if run.mark or answer['status'] == 'ok':
        answer['stdout'] = run.output[: run.max_output].decode('utf-8', 'replace')
    reply(answer)


def settle_family(run, bodies):
    kept = next((body for body in bodies if body.startswith(b'kept ')), None)
    if kept and run.control and kept[5:].isdigit():
        checkpoints.keep(run.keep, int(kept[5:]), run.control, run.family)
    elif run.control:
        run.control.close()
    checkpoints.leave(run.family)


def kill_strays():
    """Kills what steps started and left behind: it is now a child of this process, the nearest subreaper."""
    try:
        with open(f'/proc/self/task/{os.getpid()}/children') as children:
            strays = {int(pid) for pid in children.read().split()} - runs.keys()
    except OSError:
        return  # not Linux, or a kernel without this file
    for pid in strays:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself


def reap():
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in runs:
            finish(runs[pid], status, usage)
        else:
            kill_strays()  # a stray has ended; its own children are next


def version_of(package):
    """Version of an installed package by the name of its folder of metadata, without importing it; None: not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    for name in os.listdir(os.path.dirname(os.path.dirname(spec.origin))):
        if name.startswith(package + '-') and name.endswith(('.dist-info', '.egg-info')):
            return name[len(package) + 1 : -len('.dist-info')].split('-')[0]
    return 'unknown'


def take_over_stdio():
    """Descriptors of their own for requests and replies; what code prints goes to standard error from here on."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return requests, replies


def reply(answer):
    send(json.dumps(answer).encode())


def send(body):
    data = struct.pack('>I', len(body)) + body
    while data:
        data = data[os.write(REPLIES, data) :]


def serve(config):
    global REQUESTS, REPLIES
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the requests is what stops this process
    if config.get('stdio'):
        REQUESTS, REPLIES = take_over_stdio()
    reached = reach(config['probe']) if config.get('probe') else None
    if LIBC is not None:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    empty = tempfile.mkdtemp()
    os.chdir(empty)
    os.rmdir(empty)  # a working folder in which nothing can be made, and which needs no cleaning up
    try:
        isolation = Isolation(config['level'], (REQUESTS, REPLIES), in_container=bool(config.get('stdio')))
    except OSError as error:
        reply({'refused': error.strerror or str(error)})
        return
    null = os.open(os.devnull, os.O_RDWR)
    for module in config['preload']:
        importlib.import_module(module)
    if config.get('warmUp'):
        exec(config['warmUp'], {'__name__': 'warm_up'})
    wake, wake_end = os.pipe()
    for descriptor in (wake, wake_end):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector.register(REQUESTS, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    checkpoints.capacity = config.get('checkpoints', 0) if config['level'] == 'jail' else 0
    gc.collect()
    gc.freeze()  # else the first collection in a child copies every page of this process
    hello = {'ready': True, 'python': platform.python_version(), 'sympy': version_of('sympy'), 'reached': reached}
    reply({**hello, **isolation.describe()})
    waiting = bytearray()
    while True:
        deadline = min((run.deadline for run in runs.values() if run.killed is None), default=None)
        for key, _ in selector.select(deadline and max(0, deadline - time.monotonic())):
            if key.data is not None:
                if key.fd in key.data.pipes:
                    take(key.data, key.fd)
            elif key.fd == wake:
                os.read(wake, 4096)
            else:
                data = os.read(REQUESTS, 1 << 18)
                if not data:
                    return
                waiting += data
        reap()
        for run in list(runs.values()):
            if time.monotonic() >= run.deadline:
                kill(run, 'wall')
        while len(waiting) >= 4 and len(waiting) >= 4 + struct.unpack_from('>I', waiting)[0]:
            length = struct.unpack_from('>I', waiting)[0]
            request = json.loads(bytes(waiting[4 : 4 + length]))
            del waiting[: 4 + length]
            start(request, null, isolation)


try:
    serve(json.loads(sys.argv[1]))
except BaseException:
    sys.excepthook(*sys.exc_info())  # to descriptor 2, which the other side keeps for its error message
for survivor in runs:
    os.kill(survivor, signal.SIGKILL)
os._exit(0)
