"""The process that children are forked from: it holds what they import, and has never seen a request, an output or a
verdict, so that no child finds any in its memory.

The fork server asks it for a child with a message on a socket: the child's slot, with its ends of a socket and a pipe.
On Linux a child is the fork server's own, which so sees its end; where there is no such fork, the fork server is its own
template (level rlimit, which keeps accidents apart and no attackers).
"""

import gc
import importlib
import json
import os
import signal
import socket

from child import begin
from linux import PR_SET_PDEATHSIG, can_fork_beside, fork_beside, prctl
from seccomp import listen
from watch import watch


class Template:
    def __init__(self, config, isolation, foreign):
        """Starts it. `foreign`: descriptors that it must not keep."""
        self.null, self.isolation = os.open(os.devnull, os.O_RDWR), isolation
        self.control, self.pid = None, None
        if not can_fork_beside():
            warm_up(config)
            return
        self.control, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.control.close()
                for descriptor in foreign:
                    os.close(descriptor)
                prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
                if os.getppid() == parent:
                    self.serve(config, end, parent)
            finally:
                os._exit(1)
        end.close()
        if self.control.recv(16) != b'ready':
            raise OSError('the process that is to be forked ended before it was ready')

    def serve(self, config, control, parent):
        warm_up(config)
        control.send(b'ready')
        null, isolation = self.null, self.isolation
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 64, 2)
            if not message:
                os._exit(0)
            if message == b'listen':
                listener = listen()
                socket.send_fds(control, [b'listens'], [listener])
                os.close(listener)
                continue
            output, channel = descriptors
            slot, has_files = map(int, message.split())
            try:
                pid = fork_beside()
            except OSError as error:
                fail(channel, error)
                pid = None
            if pid == 0:
                begin(null, output, channel, parent, isolation, slot, bool(has_files))
            os.close(output)
            os.close(channel)

    def fork(self, slot, output, channel, has_files=False):
        """A child in this slot, with a folder for files or without, with its ends of a pipe and a socket. It says on the socket when it is there, or why it is not."""
        if self.control is not None:
            socket.send_fds(self.control, [b'%d %d' % (slot, has_files)], [output, channel])
            return None
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            fail(channel, error)
            return None
        if pid == 0:
            begin(self.null, output, channel, parent, self.isolation, slot, has_files)
        return pid

    def listen(self):
        """Every fork of its children, and theirs, asks from here on. Result: the descriptor on which they do, see seccomp.py."""
        self.control.send(b'listen')
        _, descriptors, _, _ = socket.recv_fds(self.control, 16, 1)
        return descriptors[0]


def warm_up(config):
    for module in config['preload']:
        importlib.import_module(module)
    if config.get('warmUp'):
        exec(config['warmUp'], {'__name__': 'warm_up'})
    watch(3)
    gc.collect()
    gc.freeze()  # else the first collection in a child copies every page of this process


def fail(channel, error):
    found = {'status': 'infra', 'message': f'fork failed: {error.strerror}'}
    os.write(channel, json.dumps(found).encode() + b'\n')
