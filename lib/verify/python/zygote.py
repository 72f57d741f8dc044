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

folder = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [folder] + [entry for entry in sys.path if os.path.abspath(entry or '.') != folder]  # no -P before 3.11
import child  # noqa: E402
from checkpoint import Checkpoints, Family, control_pair, wake  # noqa: E402
from deadlines import Deadlines  # noqa: E402
from isolate import Isolation  # noqa: E402
from linux import LIBC, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, prctl, share_arena  # noqa: E402
from probe import reach  # noqa: E402
from running_child import RunningChild  # noqa: E402
from scratch import is_wanted  # noqa: E402

del sys.path[0]
for module in list(sys.modules.values()):
    if os.path.dirname(getattr(module, '__file__', None) or '') == folder and module.__name__ != '__main__':
        del sys.modules[module.__name__]  # not for steps to import

REQUESTS, REPLIES = 3, 4

selector = selectors.DefaultSelector()
runs = {}  # pid -> RunningChild
checkpoints = Checkpoints(0)
null, isolation = None, None  # set by prepare()


def start(request, may_keep=True):
    if is_wanted(request.get('steps', ())):
        request.pop('keys', None)  # a process that waits has no folder to give
    waiting, done = checkpoints.longest(request.get('keys', ()))
    if waiting is None:
        start_fresh(request, may_keep)
    elif waiting.pid is None:
        waiting.queue.append(request)
    elif not waiting.family.has(waiting.pid):
        checkpoints.drop(waiting)  # it has ended, perhaps for want of memory
        start(request, may_keep)
    else:
        continue_waiting(waiting, done, request, may_keep)


def start_fresh(request, may_keep):
    used = {run.slot for run in runs.values()} | checkpoints.slots()
    if is_wanted(request.get('steps', ())):
        isolation.scratch.prepare()
    run, zygote = RunningChild(request, next(slot for slot in itertools.count() if slot not in used)), os.getpid()
    ends, control = open_pipes(run, request, may_keep)
    try:
        run.pid = os.fork()
    except OSError as error:
        abandon(run, ends, control)
        send(json.dumps({'id': run.id, 'status': 'infra', 'message': f'fork failed: {error.strerror}'}).encode())
        return
    if run.pid == 0:
        child.run(request, (null, *ends), run.nonce, zygote, isolation, run.slot)
    if control:
        run.family = Family(run.pid, run.slot)
        checkpoints.join(run.family)
        run.making = checkpoints.promise(request['keys'][-1], control, run.family)
    watch(run, ends)


def continue_waiting(waiting, done, request, may_keep):
    run = RunningChild(request, waiting.family.slot)
    run.family, run.pid, run.woken = waiting.family, waiting.pid, waiting
    is_whole = done == len(request['keys'])
    ends, control = open_pipes(run, request, may_keep and not is_whole)
    message = {'steps': request['steps'][done:], 'limits': request['limits'], 'nonce': run.nonce}
    if not wake(waiting, message, ends):
        abandon(run, ends, control)
        start_fresh(request, may_keep=False)
        return
    checkpoints.join(run.family)
    waiting.pid = None
    if control:
        run.making = checkpoints.promise(request['keys'][-1], control, run.family)
    elif is_whole:
        run.kept = 'found'
    watch(run, ends)


def open_pipes(run, request, may_keep):
    """Result: the child's ends for output, report and, where it is to leave a waiting process, control; our end of that."""
    ends, keys = run.open_pipes(), request.get('keys')
    if not keys or not may_keep or not checkpoints.is_worth(keys[-1]):
        return ends, None
    control, control_end = control_pair()
    return [*ends, control_end.detach()], control


def abandon(run, ends, control):
    for descriptor in (*ends, *run.pipes):
        os.close(descriptor)
    if control:
        control.close()


def watch(run, ends):
    runs[run.pid] = run
    for descriptor in ends:
        os.close(descriptor)
    for descriptor in run.pipes:
        os.set_blocking(descriptor, False)
        selector.register(descriptor, selectors.EVENT_READ, run)


def take(run, descriptor):
    """Reads once from a pipe of a child. Result: whether there may be more."""
    more = run.take(descriptor)
    if more is None:
        close(run, descriptor)
    elif run.pipes[descriptor] == 'report':
        note_who_waits(run)
    return bool(more)


def close(run, descriptor):
    selector.unregister(descriptor)
    os.close(descriptor)
    del run.pipes[descriptor]


def note_who_waits(run):
    """Once a child has told which processes wait after it, these take the requests that queued for them."""
    if run.woken and (pid := run.told(b'waits')) is not None:
        waiting, run.woken = run.woken, None
        for request in checkpoints.settle(waiting, pid):
            start(request)
    if run.making and (pid := run.told(b'kept')) is not None:
        waiting, run.making = run.making, None
        if pid == 0:
            checkpoints.note_cheap(waiting.key)
        queue = checkpoints.settle(waiting, pid)
        run.kept = 'made' if waiting.pid else None
        for request in queue:
            start(request)


def finish(run, status, usage):
    """The child has ended: what it left behind is killed, its pipes are emptied, its verdict leaves."""
    run.ended = True
    del runs[run.pid]
    if run.has_files:
        isolation.scratch.remove(run.pid)
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
    note_who_waits(run)
    send(run.answer(status, usage))
    if run.family:
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
            if not checkpoints.holds(pid):
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


def send(body):
    data = struct.pack('>I', len(body)) + body
    while data:
        data = data[os.write(REPLIES, data) :]


def become_reaper():
    """What steps leave behind becomes a child of this process, and neither gets any right that it had not."""
    if LIBC is not None:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_CHILD_SUBREAPER, 1)


def enter_working_folder(level):
    """One in which nothing can be made, and which needs no cleaning up."""
    if level != 'rlimit':
        os.chdir('/')  # where the isolation lets nothing be made; it has a name, which python3's working folder has too
        return
    empty = tempfile.mkdtemp()
    os.chdir(empty)
    os.rmdir(empty)


def warm_up(modules, code):
    for module in modules:
        importlib.import_module(module)
    if code:
        exec(code, {'__name__': 'warm_up'})


def watch_children():
    """Result: the descriptor that has something to read once a child has ended."""
    wake, wake_end = os.pipe()
    for descriptor in (wake, wake_end):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector.register(wake, selectors.EVENT_READ)
    return wake


def prepare(config):
    """All that comes before the first request. Result: what `serve` takes; None where the isolation is refused."""
    global REQUESTS, REPLIES, null, isolation
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the requests is what stops this process
    if config.get('stdio'):
        REQUESTS, REPLIES = take_over_stdio()
    reached = reach(config['probe']) if config.get('probe') else None
    become_reaper()
    share_arena()
    enter_working_folder(config['level'])
    try:
        isolation = Isolation(config['level'], (REQUESTS, REPLIES), in_container=bool(config.get('stdio')))
    except OSError as error:
        send(json.dumps({'refused': error.strerror or str(error)}).encode())
        return None
    null = os.open(os.devnull, os.O_RDWR)
    warm_up(config['preload'], config.get('warmUp'))
    selector.register(REQUESTS, selectors.EVENT_READ)
    wake = watch_children()
    checkpoints.capacity = config.get('checkpoints', 0) if config['level'] == 'jail' else 0
    gc.collect()
    gc.freeze()  # else the first collection in a child copies every page of this process
    hello = {'ready': True, 'python': platform.python_version(), 'sympy': version_of('sympy'), 'reached': reached}
    send(json.dumps({**hello, **isolation.describe()}).encode())
    return wake


def take_requests(received):
    """Takes those out that are there as a whole."""
    while len(received) >= 4 and len(received) >= 4 + struct.unpack_from('>I', received)[0]:
        length = struct.unpack_from('>I', received)[0]
        request = json.loads(bytes(received[4 : 4 + length]))
        del received[: 4 + length]
        yield request


def serve(wake):
    """Until the requests end. Children are forked from right in here: each function between takes from their recursion limit."""
    received, deadlines = bytearray(), Deadlines(runs)
    while True:
        for key, _ in deadlines.select(selector):
            if key.data is not None:
                if key.fd in key.data.pipes:
                    take(key.data, key.fd)
            elif key.fd == wake:
                os.read(wake, 4096)
            else:
                data = os.read(REQUESTS, 1 << 18)
                if not data:
                    return
                received += data
        reap()
        deadlines.enforce()
        for run in runs.values():
            if run.has_files and isolation.scratch.is_full(run.pid):
                run.kill('files')
        for request in take_requests(received):
            start(request)


try:
    awake = prepare(json.loads(sys.argv[1]))
    if awake is not None:
        serve(awake)
except BaseException:
    sys.excepthook(*sys.exc_info())  # to descriptor 2, which the other side keeps for its error message
for survivor in runs:
    os.kill(survivor, signal.SIGKILL)
if isolation is not None:
    isolation.scratch.close()
os._exit(0)
