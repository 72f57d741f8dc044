"""Fork server: one child per request, forked from a process that has never seen one, so that no code runs in a process that
knows of another's.

Requests come on descriptor 3, replies leave on 4: u32be length, then UTF-8 JSON. Ends when 3 reaches its end, and takes
its children along. The other side limits how many requests are under way. Assumes fork, hence Linux or macOS. This process
holds the requests and decides what came of them; it runs none of their code, and children are not copies of it but of
template.py's. `argv[1]`, a JSON object: "level", see isolate.py; "preload": modules to import
before the first fork; "warmUp": code to run then; "checkpoints": how many processes may wait with steps run; "probe": see
probe.py; "stdio": requests come on 0 and replies leave on 1, as through a command that hands on nothing else.
"""

import importlib.util
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
own = [folder, os.path.join(folder, 'flags')]
sys.path[:] = own + [entry for entry in sys.path if os.path.abspath(entry or '.') != folder]  # no -P before 3.11
import runs  # noqa: E402
from at_rest import HIDDEN, RUN  # noqa: E402
from deadlines import Deadlines  # noqa: E402
from isolate import Isolation  # noqa: E402
from linux import LIBC, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, can_fork_beside, prctl, share_arena  # noqa: E402
from probe import reach  # noqa: E402
from running_child import Process, frame, step_of  # noqa: E402
from seccomp import answer_fork  # noqa: E402
from template import Template  # noqa: E402
from witness import AT_REST, BELOW, PROBE, Witness  # noqa: E402

del sys.path[: len(own)]
for module in list(sys.modules.values()):
    if os.path.dirname(getattr(module, '__file__', None) or '') in own and module.__name__ != '__main__':
        del sys.modules[module.__name__]  # not for steps to import

REQUESTS, REPLIES = 3, 4
listener = None


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


def watch_children():
    """Result: the descriptor that has something to read once a child has ended."""
    wake, wake_end = os.pipe()
    for descriptor in (wake, wake_end):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    runs.selector.register(wake, selectors.EVENT_READ)
    return wake


def prepare(config):
    """All that comes before the first request. Result: what `serve` takes; None where the isolation is refused."""
    global REQUESTS, REPLIES, listener
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the requests is what stops this process
    if config.get('stdio'):
        REQUESTS, REPLIES = take_over_stdio()
    reached = reach(config['probe']) if config.get('probe') else None
    become_reaper()
    share_arena()
    enter_working_folder(config['level'])
    count = config.get('checkpoints', 0) if config['level'] == 'jail' else 0
    try:
        witness = witness_of(config['level'])
        isolation = Isolation(config['level'], (REQUESTS, REPLIES), bool(config.get('stdio')), may_fork=count > 0, scratch=config.get('scratch'))
        if witness:
            witness.is_nested = config['level'] == 'jail'
        foreign = (REQUESTS, REPLIES, *([witness.proc] if witness else []))
        runs.isolation, runs.template = isolation, Template(config, isolation, foreign)
        runs.witness = witness and learn_where(config['level'], witness)
        if count > 0:
            listener = runs.template.listen()
            runs.selector.register(listener, selectors.EVENT_READ, listener)
    except OSError as error:
        send(json.dumps({'refused': error.strerror or str(error)}).encode())
        return None
    runs.selector.register(REQUESTS, selectors.EVENT_READ)
    wake = watch_children()
    runs.checkpoints.capacity = count
    if not config.get('warmUp'):  # else it costs much memory and saves little
        runs.prepare_spare()
    hello = {'ready': True, 'python': platform.python_version(), 'sympy': version_of('sympy'), 'reached': reached}
    send(json.dumps({**hello, **isolation.describe()}).encode())
    return wake


def witness_of(level):
    """None where the level promises nothing that needs one and the machine has none."""
    if level == 'rlimit' and not can_fork_beside():
        return None
    try:
        return Witness()
    except OSError:
        if level == 'rlimit':
            return None
        raise OSError('/proc is not there to tell where a child waits') from None


def learn_where(level, witness):
    """Result: the witness, which has learnt from a child; None where the machine does not let it and the level can do without."""
    try:
        try:
            calibrate(witness)
        except OSError:
            if runs.isolation.uid is None:
                raise
            witness.first_uid = runs.isolation.uid
            calibrate(witness)
        return witness
    except OSError:
        if level != 'rlimit':
            raise
        return None


def calibrate(witness):
    """Has it learn from a child where that rests, and where a step is at best."""
    process = Process(0)
    runs.template.fork(0, process.output_end, process.channel_end.fileno())
    process.close_ends()
    until = time.monotonic() + 20
    try:
        rest = placed(witness, process, AT_REST, until)
        process.send(frame(RUN, step_of(HIDDEN, 1, PROBE)))
        witness.learn(rest, placed(witness, process, BELOW, until))
    except OSError as error:
        raise OSError(f'the kernel does not tell where a child waits ({error})') from None
    finally:
        if process.pid is not None:
            process.kill()
            os.waitpid(process.pid, 0)
        process.close()


def placed(witness, process, count, until):
    said = b''
    while time.monotonic() < until:
        said += process.hear() or b''
        place = witness.place(process) if process.pid is not None else None
        if place is not None and place[0] == count:
            return place[1]
        time.sleep(0.0005)
    raise OSError(f'not within 20 s; it said {said[:300]}')


def take_requests(received):
    """Takes those out that are there as a whole."""
    while len(received) >= 4 and len(received) >= 4 + struct.unpack_from('>I', received)[0]:
        length = struct.unpack_from('>I', received)[0]
        request = json.loads(bytes(received[4 : 4 + length]))
        del received[: 4 + length]
        yield request


def serve(wake):
    """Until the requests end."""
    received, deadlines = bytearray(), Deadlines(runs.runs)
    while True:
        for key, events in deadlines.select(runs.selector):
            if type(key.data) is Process:
                runs.attend_to(key.data, key.fileobj, events)
            elif key.fd == wake:
                os.read(wake, 4096)
            elif key.data is not None:
                answer_fork(listener, runs.may_fork)
            else:
                data = os.read(REQUESTS, 1 << 18)
                if not data:
                    return
                received += data
        runs.reap()
        for run in deadlines.enforce():
            runs.see(run)
        for request in take_requests(received):
            runs.start(request)
        for answer in runs.take_answers():
            send(answer)


try:
    awake = prepare(json.loads(sys.argv[1]))
    if awake is not None:
        serve(awake)
except BaseException:
    sys.excepthook(*sys.exc_info())  # to descriptor 2, which the other side keeps for its error message
for survivor in runs.processes:
    os.kill(survivor, signal.SIGKILL)
if runs.isolation is not None:
    runs.isolation.scratch.close()
os._exit(0)
