"""A process of the fork server with its socket and its pipe, and the request that runs in it: what has come of it so far, and
what that means.
"""

import importlib.machinery
import json
import os
import signal
import socket
import struct
import sys
import time

from at_rest import FRAME, HIDDEN, LAST, RUN, SHOWN, SHOWN_LAST, STEP
from scratch import is_wanted

REPORTED = {'status': str, 'type': str, 'message': str, 'module': str, 'line': int}
FLAGS = {
    'introspection': bool,
    'swallowedException': bool,
    'nothingComputed': bool,
    'onlyLiteralsPrinted': bool,
    'unusualImports': list,
}
MAX_BATCH_REPORT = 8 << 20
MAX_REPORT = 64 << 10
LEAST_SECONDS = 0.01  # of CPU time, where the steps before have used it up
CREDENTIALS = struct.Struct('iII')  # process, user, group
IS_WRITABLE = sys.version_info >= (3, 13)  # whether the variables of a frame can be changed through it
IS_TOLD = hasattr(socket, 'SO_PASSCRED')  # whether the kernel says who wrote


def frame(kind, body=b'', seconds=0.0):
    return struct.pack(FRAME, kind, seconds, len(body)) + body


def step_of(kind, number, text):
    body = text.encode('utf-8', 'surrogatepass')
    return struct.pack(STEP, kind, number, len(body)) + body


class Process:
    """One that runs something, waits for it, or waits with steps run. Its id is what the kernel says, not what it says."""

    def __init__(self, slot):
        self.slot, self.pid, self.run, self.place = slot, None, None, None  # place: an open file, see witness.py
        self.is_there, self.is_ended, self.is_alone = False, False, True  # alone: nobody else wrote in its name
        self.channel, self.channel_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.channel.setblocking(False)
        if IS_TOLD:
            self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.output, self.output_end = os.pipe()
        os.set_blocking(self.output, False)
        self.unsent = bytearray()

    def close_ends(self):
        """Once the child has them."""
        self.channel_end.close()
        os.close(self.output_end)

    def close(self):
        self.channel.close()
        for descriptor in (self.output, self.place):
            if descriptor is not None:
                os.close(descriptor)
        self.output = self.place = None

    def send(self, data):
        self.unsent += data
        self.send_more()

    def send_more(self):
        try:
            while self.unsent:
                del self.unsent[: self.channel.send(self.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent.clear()  # it has closed its end, or ended

    def hear(self):
        """Reads once from the socket. Result: what came; None at its end, b'' where nothing is there."""
        try:
            data, told, _, _ = self.channel.recvmsg(1 << 16, socket.CMSG_SPACE(CREDENTIALS.size) if IS_TOLD else 0)
        except BlockingIOError:
            return b''
        except OSError:
            return None
        if not data:
            return None
        for _, _, credentials in told:
            writer = CREDENTIALS.unpack(credentials[: CREDENTIALS.size])[0]
            if self.pid is None:
                self.pid = writer
            self.is_alone &= self.pid == writer
        return data

    def kill(self, number=signal.SIGKILL):
        if self.pid is not None and not self.is_ended:
            os.kill(self.pid, number)

    def cpu_ms(self):
        """CPU time used so far; 0 where the system does not tell of other processes."""
        if self.pid is None:
            return 0.0
        try:
            return time.clock_gettime((~self.pid << 3) | 2) * 1000
        except (OSError, OverflowError):
            return 0.0


class RunningChild:
    def __init__(self, request):
        limits = request['limits']
        self.request, self.id, self.is_batch = request, request['id'], 'groups' in request
        self.limits, self.cpu_ms, self.max_output = limits, limits['cpuMs'], limits['outputBytes']
        self.is_detailed, self.steps = bool(request.get('detail')), request.get('steps', ())
        self.has_files = is_wanted(self.steps)
        self.started = time.monotonic()
        self.deadline = self.started + limits['wallMs'] / 1000
        self.look_at, self.pause = None, 0.0  # when to see again whether it has come to rest
        self.cpu_look_at = None  # when to see how much CPU time it has used
        self.process = None
        self.next, self.completed = 0, 0  # steps handed out; frames of them that came to their end
        self.output, self.output_bytes, self.output_start = bytearray(), 0, 0
        self.report, self.max_report = bytearray(), MAX_BATCH_REPORT if self.is_batch else MAX_REPORT
        self.killed = None  # why, when the fork server did it
        self.done = None  # 'ok' or 'failed', when it came to rest; 'batch'
        self.cpu_before, self.cpu_added = 0.0, 0.0  # of the steps before: against the limit; in the answer
        self.making, self.kept = None, None  # see checkpoint.py

    def opening(self, limits_too=True):
        """What a process is sent first."""
        seconds = max(LEAST_SECONDS, (self.cpu_ms - self.cpu_before) / 1000)
        if self.is_batch:
            body = json.dumps({'groups': self.request['groups'], 'outputBytes': self.max_output}).encode()
            return frame(b'M', json.dumps(self.limits).encode(), seconds) + frame(b'G', body)
        data = frame(b'M', json.dumps(self.limits).encode(), seconds) if limits_too else b''
        if self.is_detailed:
            data += frame(b'A', json.dumps(self.steps).encode())
        return data + self.next_steps(0.0 if limits_too else seconds)

    def next_steps(self, seconds=0.0):
        """The steps to run until somebody looks: each alone where their output is told apart, and where a step could get at
        the next; all but the last where a process may wait with these."""
        first, count = self.next, len(self.steps)
        self.next = first + 1 if self.is_detailed or IS_WRITABLE else count - 1 if self.making and first < count - 1 else count
        before, last = (SHOWN, SHOWN_LAST) if self.is_detailed else (HIDDEN, LAST)
        kinds = [last if index == count - 1 else before for index in range(first, self.next)]
        texts = self.steps[first : self.next]
        return frame(RUN, b''.join(map(step_of, kinds, range(first + 1, self.next + 1), texts)), seconds)

    @property
    def is_last(self):
        return self.next >= len(self.steps)

    def take_output(self, data):
        self.output_bytes += len(data)
        self.output += data
        if self.output_bytes > self.max_output:
            del self.output[self.max_output :]
            self.kill('output')
            return False
        return True

    def take_report(self, data):
        self.report += data
        if len(self.report) > self.max_report:
            self.kill('report')
            return False
        return True

    def says_ended(self):
        """Whether the child says that what it was sent last has come to an end."""
        return self.report.count(b'ran\n') > self.completed or b'{"status"' in self.report

    def forget_output(self):
        """A step has ended well, and another one follows."""
        self.output.clear()
        self.output_bytes = 0

    def kill(self, why):
        if self.killed is None:
            self.killed = why
            self.process.kill()

    def answer(self, status, usage):
        """What the other side is told, given how the child ended and what it used: bytes of JSON."""
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000 + self.cpu_added
        answer = {'id': self.id, 'cpuMs': round(cpu_ms, 2), 'wallMs': round((time.monotonic() - self.started) * 1000, 2)}
        lines = bytes(self.report).split(b'\n')
        told = [line for line in lines[:-1] if line not in (b'contained', b'last', b'ran', b'looks')]
        found = [] if self.is_batch else [parse(line) for line in told]
        contained = self.process.is_there
        genuine = self.is_genuine(lines, found)
        answer['reachedLast'] = self.is_last if self.is_detailed else b'last' in lines
        flags = next((each for each in map(parse_flags, found) if each), None)
        if b'looks' in lines:
            flags = {**(flags or CLEAN), 'introspection': True}
        if flags is not None:
            answer['flags'] = flags
        if self.is_detailed:
            answer['step'] = max(0, self.next - 1)
            answer['maxRssMb'] = round(usage.ru_maxrss / (1 << 20 if sys.platform == 'darwin' else 1 << 10), 1)
        if self.kept:
            answer['kept'] = self.kept
        errors = [each for each in found if each and each.get('status') in ('error', 'memory')]
        if self.killed == 'wall':
            answer.update(status='timeout', clock='wall')
        elif self.output_bytes > self.max_output:
            answer['status'] = 'output'
        elif self.killed == 'files':
            answer.update(status='died', how='its files outgrew the folder that it has for them')
        elif self.killed == 'cpu':
            answer.update(status='timeout', clock='cpu')
        elif self.done == 'batch':
            # plain code cannot have written it, and the other side parses it anyway
            return json.dumps(answer)[:-1].encode() + b', "status": "batch", "results": ' + told[0][len(RESULTS) : -1] + b'}'
        elif self.done == 'ok' and genuine and not errors:
            answer['status'] = 'ok'
        elif self.done == 'failed' and genuine and len(errors) == 1:
            answer.update(known_fields(errors[0]))
            if 'module' in answer and is_installed(answer['module']):
                del answer['module']
        elif self.done is None and code in (-signal.SIGPROF, -signal.SIGXCPU):
            answer.update(status='timeout', clock='cpu')
        elif self.done is None and code == -signal.SIGKILL and cpu_ms >= self.cpu_ms:
            answer.update(status='timeout', clock='cpu')
        elif infra := next((each for each in found if each and each.get('status') == 'infra'), None):
            answer.update(known_fields(infra))
        elif not contained:
            answer.update(status='infra', message=f'the child ended with {ending(code)} before it ran any code')
        elif not genuine:
            answer.update(status='died', how='something else than the report came on its descriptor')
        else:
            answer.update(status='died', how=f'{ending(code)} before its step had ended')
        if self.is_detailed or answer['status'] == 'ok':
            answer['stdout'] = self.output[: self.max_output].decode('utf-8', 'replace')
        return json.dumps(answer).encode()

    def infra(self):
        """What the other side is told where no process was to be had."""
        said = next((found for line in bytes(self.report).split(b'\n') if (found := parse(line))), {})
        message = said.get('message', 'a child ended before it ran any code')
        return json.dumps({'id': self.id, 'status': 'infra', 'message': message, 'cpuMs': 0, 'wallMs': 0}).encode()

    def is_genuine(self, lines, found):
        """Whether nothing was written that a child does not write."""
        few = all(sum(kind in each for each in found if each) <= 1 for kind in ('flags', 'status'))
        return self.process.is_alone and lines[-1] == b'' and None not in found and few and lines.count(b'ran') == self.completed


RESULTS = b'{"results": '
CLEAN = {
    'introspection': False,
    'swallowedException': False,
    'nothingComputed': False,
    'onlyLiteralsPrinted': False,
    'unusualImports': [],
}


def is_installed(module):
    """Whether a module can be found here, where no step has changed the path."""
    return module.isidentifier() and importlib.machinery.PathFinder.find_spec(module) is not None


def parse(body):
    """The object in `body`; None when there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is dict else None


def parse_flags(found):
    """The flags in a report; None where they are not such as a child makes."""
    flags = found.get('flags') if found else None
    return flags if type(flags) is dict and {key: type(value) for key, value in flags.items()} == FLAGS else None


def known_fields(found):
    """The known fields of a report on an error."""
    return {key: found[key] for key, kind in REPORTED.items() if type(found.get(key)) is kind}


def ending(code):
    if code >= 0:
        return f'exit {code}'
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f'signal {-code}'
