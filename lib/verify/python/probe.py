"""What code can do to the machine around it. Run once without isolation, where all of it must work (else the probe proves
nothing), and once as a step, where none of it may.
"""


def reach(target):
    """Names of what works. `target`: {'file': a file to read, beside which one is made, 'port': of a local listener}."""
    import os
    import socket

    def read():
        with open(target['file']) as file:
            file.read()

    def write():
        with open(target['file'] + '.written', 'w'):
            pass

    def connect():
        socket.create_connection(('127.0.0.1', target['port']), 1).close()

    def fork():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    def signal():
        os.kill(os.getppid(), 0)

    def spy():
        with open('/proc/%d/environ' % os.getppid(), 'rb') as file:
            file.read()

    worked = []
    for attempt in (read, write, connect, fork, signal, spy):
        try:
            attempt()
            worked.append(attempt.__name__)
        except OSError:
            pass  # what cannot be done is what this looks for
    return worked
