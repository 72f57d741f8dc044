"""Fork server: one forked child per request, so that no code runs in a process that another one sees.

Requests come on descriptor 3, replies leave on 4: u32be length, then UTF-8 JSON. Ends when 3 reaches its end, and takes
its children along. The other side limits how many requests are under way; nothing is queued here. Assumes fork,
hence Linux or macOS. `argv[1]`: {"preload": [module, ...]}.
"""

import gc
import importlib
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

del sys.path[0], sys.modules['child'], sys.modules['plain']  # not for steps to import

REQUESTS, REPLIES = 3, 4
MAX_FRAME = 16 << 20
MAX_REPORT = 64 << 10
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
REPORTED = {'status': str, 'type': str, 'message': str, 'module': str, 'line': int, 'step': int}

selector = selectors.DefaultSelector()
runs = {}  # pid -> Run


class Run:
    """One child: its request, its two pipes, and what has come of it so far."""

    def __init__(self, request):
        limits = request['limits']
        self.id, self.is_batch = request['id'], 'groups' in request
        self.cpu_ms, self.max_output = limits['cpuMs'], limits['outputBytes']
        self.started = time.monotonic()
        self.deadline = self.started + limits['wallMs'] / 1000
        self.nonce = os.urandom(16).hex()
        self.pid = None
        self.output, self.output_bytes = bytearray(), 0
        self.report, self.max_report = bytearray(), MAX_FRAME // 2 if self.is_batch else MAX_REPORT
        self.pipes = {}  # descriptor -> 'output' or 'report'
        self.killed = None  # why, when the zygote did it
        self.ended = False


def start(request, null):
    run, zygote = Run(request), os.getpid()
    (output, output_end), (report, report_end) = os.pipe(), os.pipe()
    try:
        run.pid = os.fork()
    except OSError as error:
        for descriptor in (output, output_end, report, report_end):
            os.close(descriptor)
        reply({'id': run.id, 'status': 'infra', 'message': f'fork failed: {error.strerror}'})
        return
    if run.pid == 0:
        child.run(request, (null, output_end, report_end), run.nonce, zygote)
    runs[run.pid] = run
    os.close(output_end)
    os.close(report_end)
    for descriptor, what in ((output, 'output'), (report, 'report')):
        os.set_blocking(descriptor, False)
        run.pipes[descriptor] = what
        selector.register(descriptor, selectors.EVENT_READ, run)


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
        run.output += data[: max(0, run.max_output - len(run.output))]
        if run.output_bytes > run.max_output:
            kill(run, 'output')
            return False
    else:
        run.report += data
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
    if not run.is_batch:
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
    if run.killed == 'wall':
        answer.update(status='timeout', clock='wall')
    elif run.output_bytes > run.max_output:
        answer['status'] = 'output'
    elif run.is_batch and code == 0 and genuine and len(bodies) == 2:
        # plain code cannot have written it, and the other side parses it anyway
        send(json.dumps(answer)[:-1].encode() + b', "status": "batch", "results": ' + bodies[-1] + b'}')
        return
    elif found is not None:
        answer.update(found, stdout=run.output.decode('utf-8', 'replace'))
    elif code in (-signal.SIGPROF, -signal.SIGXCPU) or (code == -signal.SIGKILL and cpu_ms >= run.cpu_ms):
        answer.update(status='timeout', clock='cpu')
    elif not contained:
        answer.update(status='infra', message=f'the child ended with {ending(code)} before it ran any code')
    elif not genuine:
        answer.update(status='died', how='something else than the report came on its descriptor')
    else:
        answer.update(status='died', how=f'{ending(code)} without a report')
    reply(answer)


def parse_report(body, statuses):
    """The known fields of a child's report; None when it is not one that a child makes."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    if type(found) is not dict or found.get('status') not in statuses:
        return None
    return {key: found[key] for key, kind in REPORTED.items() if type(found.get(key)) is kind}


def ending(code):
    if code >= 0:
        return f'exit {code}'
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f'signal {-code}'


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


def reply(answer):
    send(json.dumps(answer).encode())


def send(body):
    data = struct.pack('>I', len(body)) + body
    while data:
        data = data[os.write(REPLIES, data) :]


def serve():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of descriptor 3 is what stops this process
    if child.LIBC is not None:
        child.LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        child.LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    empty = tempfile.mkdtemp()
    os.chdir(empty)
    os.rmdir(empty)  # a working folder in which nothing can be made, and which needs no cleaning up
    null = os.open(os.devnull, os.O_RDWR)
    for module in json.loads(sys.argv[1])['preload']:
        importlib.import_module(module)
    wake, wake_end = os.pipe()
    for descriptor in (wake, wake_end):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector.register(REQUESTS, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    gc.collect()
    gc.freeze()  # else the first collection in a child copies every page of this process
    reply({'ready': True, 'python': platform.python_version(), 'pid': os.getpid()})
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
            start(request, null)


try:
    serve()
except BaseException:
    sys.excepthook(*sys.exc_info())  # to descriptor 2, which the other side keeps for its error message
for survivor in runs:
    os.kill(survivor, signal.SIGKILL)
os._exit(0)
