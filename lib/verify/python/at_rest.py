"""The loop of a child: waits for what to run next, runs it, waits again. That it waits here is what tells that a step has
ended well, see witness.py; the other read, that it has not.

The functions that it calls at this height of the stack are constants of its code, put in place of the texts that name
them: a step that gets hold of this frame, of its globals or of the builtins can change what it likes and is never called
from here. Whatever is Python is called one level down, by `execute`.
"""

import os
import resource
import signal
import struct
import warnings

CHANNEL, OUTPUT = 3, 4  # descriptors in the child; 0, 1 and 2 are /dev/null until a step's output is wanted
FRAME = '>cdII'  # kind, seconds of CPU time from now on or 0, number of a step, bytes that follow
HIDDEN, SHOWN, LOOKED_AT = b'H', b'S', b'L'  # kinds: a step; with its output; with its flags too; all others are jobs, see child.py

SOURCE = """
def rest(space, out, jobs):
    shown = False
    while True:
        head = 'read'(3, 17)
        while 0 < 'len'(head) < 17:
            head += 'read'(3, 17 - 'len'(head)) or 'leave'(0)
        if not head:
            'leave'(0)
        kind, seconds, number, size = 'unpack'('>cdII', head)
        body = b''
        while 'len'(body) < size:
            body += 'read'(3, 'min'(size - 'len'(body), 65536)) or 'leave'(0)
        if seconds:
            'set_timer'('timer', seconds)
        if kind != b'H' and kind != b'S' and kind != b'L':
            'execute'('job', {'jobs': jobs, 'kind': kind, 'body': body})
            continue
        if kind != b'H' and not shown:
            'duplicate'(4, 1)
            'close'(4)
            shown = True
        filename = f'<step {number}>'
        try:
            if kind == b'L':
                'execute'('look', {'jobs': jobs, 'body': body})
            'execute'('build'(body.decode('utf-8', 'surrogatepass'), filename, 'exec', 0, True), space)
            'execute'('end', {'jobs': jobs, 'out': out})
        except 'everything' as error:
            'lift'('memory', ('peek'('memory')[1], 'peek'('memory')[1]))
            'execute'('tell', {'jobs': jobs, 'error': error, 'filename': filename, 'out': out})
            while True:
                'read'(3, 2)
        'write'(3, b'ran\\n')
"""
CONSTANTS = {
    'read': os.read, 'write': os.write, 'leave': os._exit, 'duplicate': os.dup2, 'close': os.close,
    'len': len, 'min': min, 'unpack': struct.unpack, 'execute': exec, 'build': compile, 'everything': BaseException,
    'set_timer': signal.setitimer, 'timer': signal.ITIMER_PROF,
    'lift': resource.setrlimit, 'peek': resource.getrlimit, 'memory': resource.RLIMIT_AS,
    'job': compile('jobs.take(kind, body)', '<job>', 'exec'), 'look': compile('jobs.look(body)', '<job>', 'exec'),
    'end': compile('jobs.end(out)', '<job>', 'exec'),
    'tell': compile('jobs.tell(error, filename, out)', '<job>', 'exec'),
}  # fmt: skip


def made():
    """The function of SOURCE."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # that a text is called
        space = {}
        exec(compile(SOURCE, '<at rest>', 'exec', 0, True), space)
    rest = space['rest']
    constants = tuple(CONSTANTS.get(value, value) if type(value) is str else value for value in rest.__code__.co_consts)
    rest.__code__ = rest.__code__.replace(co_consts=constants)
    return rest
