"""One child of the fork server: its request, its two pipes, what has come through them, and what that means."""

import importlib.machinery
import json
import os
import signal
import sys
import time

from report import ending, parse_flags, parse_report, told
from scratch import is_wanted
from steps import mark_of

MAX_BATCH_REPORT = 8 << 20
MAX_REPORT = 64 << 10


class RunningChild:
    def __init__(self, request, slot):
        limits = request['limits']
        self.id, self.is_batch = request['id'], 'groups' in request
        self.cpu_ms, self.max_output = limits['cpuMs'], limits['outputBytes']
        self.started = time.monotonic()
        self.deadline = self.started + limits['wallMs'] / 1000
        self.nonce = os.urandom(16).hex()
        self.mark = mark_of(self.nonce) if request.get('detail') else b''
        self.marks = 0  # steps whose output has begun, where they are marked
        self.has_files = is_wanted(request.get('steps', ()))
        self.slot = slot  # tells it from all others that run or wait
        self.pid = None
        self.output, self.output_bytes = bytearray(), 0
        self.report, self.max_report = bytearray(), MAX_BATCH_REPORT if self.is_batch else MAX_REPORT
        self.pipes = {}  # descriptor -> 'output' or 'report'
        self.killed = None  # why, when the zygote did it
        self.ended = False
        self.family = None  # see checkpoint.py, as the next three
        self.woken = None  # the waiting process that it was, until the one that waits now is known
        self.making = None  # the waiting process that it is to leave, until that one is known
        self.kept = None

    def open_pipes(self):
        """This side goes into `pipes`. Result: the other sides, for output and report."""
        (output, output_end), (report, report_end) = os.pipe(), os.pipe()
        self.pipes = {output: 'output', report: 'report'}
        return [output_end, report_end]

    def take(self, descriptor):
        """Reads once from a pipe and enforces the caps. Result: whether there may be more; None at the end of the pipe."""
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return False
        if not data:
            return None
        return self.take_output(data) if self.pipes[descriptor] == 'output' else self.take_report(data)

    def take_output(self, data):
        self.output_bytes += len(data)
        self.output += data
        while self.mark and self.mark in self.output:
            printed, _, after = self.output.partition(self.mark)
            if len(printed) > self.max_output:
                self.kill('output')
                return False
            self.output = after
            self.output_bytes -= len(printed) + len(self.mark)
            self.marks += 1
        del self.output[self.max_output + len(self.mark) :]
        if self.output_bytes > self.max_output + len(self.mark):  # a part of the next mark may be among them
            self.kill('output')
            return False
        return True

    def take_report(self, data):
        self.report += data
        if len(self.report) > self.max_report:
            self.kill('report')
            return False
        return True

    def kill(self, why):
        if self.killed is None:
            self.killed = why
            if not self.ended:
                os.kill(self.pid, signal.SIGKILL)

    def told(self, word):
        """The process id that the child has named after `word`; 0 once it has ended without; None before."""
        pid = told(self.report, self.nonce, word)
        return 0 if pid is None and self.ended else pid

    def answer(self, status, usage):
        """What the other side is told, given how the child ended and what it used: bytes of JSON."""
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000
        answer = {'id': self.id, 'cpuMs': round(cpu_ms, 2), 'wallMs': round((time.monotonic() - self.started) * 1000, 2)}
        lines = bytes(self.report).split(b'\n')
        head = self.nonce.encode() + b' '
        bodies = [line[len(head) :] for line in lines[:-1] if line.startswith(head)]
        genuine = len(bodies) == len(lines) - 1 and lines[-1] == b'' and self.killed != 'report'
        contained = b'contained' in bodies
        found = None
        if code == 0 and genuine and bodies and not self.is_batch:
            found = parse_report(bodies[-1], ('ok', 'error', 'memory') if contained else ('infra',))
            if found and 'module' in found and is_installed(found['module']):
                del found['module']
        answer['reachedLast'] = b'last' in bodies
        flags = parse_flags(bodies)
        if flags is not None:
            answer['flags'] = flags
        if self.mark:
            answer['step'] = max(0, self.marks - 1)
            answer['maxRssMb'] = round(usage.ru_maxrss / (1 << 20 if sys.platform == 'darwin' else 1 << 10), 1)
        if self.kept:
            answer['kept'] = self.kept
        if self.killed == 'wall':
            answer.update(status='timeout', clock='wall')
        elif self.killed == 'files':
            answer.update(status='died', how='its files outgrew the folder that it has for them')
        elif self.output_bytes > self.max_output:
            answer['status'] = 'output'
        elif self.is_batch and code == 0 and genuine and len(bodies) == 2:
            # plain code cannot have written it, and the other side parses it anyway
            return json.dumps(answer)[:-1].encode() + b', "status": "batch", "results": ' + bodies[-1] + b'}'
        elif found is not None:
            answer.update(found)
        elif code in (-signal.SIGPROF, -signal.SIGXCPU) or (code == -signal.SIGKILL and cpu_ms >= self.cpu_ms):
            answer.update(status='timeout', clock='cpu')
        elif not contained:
            answer.update(status='infra', message=f'the child ended with {ending(code)} before it ran any code')
        elif not genuine:
            answer.update(status='died', how='something else than the report came on its descriptor')
        else:
            answer.update(status='died', how=f'{ending(code)} without a report')
        if self.mark or answer['status'] == 'ok':
            answer['stdout'] = self.output[: self.max_output].decode('utf-8', 'replace')
        return json.dumps(answer).encode()


def is_installed(module):
    """Whether a module can be found here, where no step has changed the path."""
    return module.isidentifier() and importlib.machinery.PathFinder.find_spec(module) is not None
