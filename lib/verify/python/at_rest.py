"""The loop of a child: waits for what to run next, runs it, waits again. That it waits here is what tells that a step has
ended well, see witness.py; the other read, that it has not.

The functions that it calls at this height of the stack are constants of its code, put in place of the texts that name
them: a step that gets hold of this frame, of its globals or of the builtins can change what it likes and is never called
from here. Whatever is Python is called one level down, by `execute`.
"""

import __future__
import os
import resource
import signal
import struct
import warnings

CHANNEL, OUTPUT = 3, 4  # descriptors in the child; 0, 1 and 2 are /dev/null until a step's output is wanted
FRAME = '>cdI'  # kind, seconds of CPU time from now on or 0, bytes that follow
STEP = '>cII'  # kind, number in its program, bytes that follow; one after the other in a frame of the kind RUN
RUN = b'R'  # all other frames are jobs, see child.py
# Steps: without their output, with it; the last one, with it, after the flags of its text, or those of all of them before.
HIDDEN, SHOWN, LAST, SHOWN_LAST = b'H', b'S', b'L', b'E'
ENDS = (LAST, SHOWN_LAST)

SOURCE = """
def rest(space, out, jobs):
    shown, future = False, 0
    while True:
        head = 'read'(3, 13)
        while 0 < 'len'(head) < 13:
            head += 'read'(3, 13 - 'len'(head)) or 'leave'(0)
        if not head:
            'leave'(0)
        frame, seconds, size = 'unpack'('>cdI', head)
        body = b''
        while 'len'(body) < size:
            body += 'read'(3, 'min'(size - 'len'(body), 65536)) or 'leave'(0)
        if seconds:
            'set_timer'('timer', seconds)
        if frame != b'R':
            'execute'('job', {'jobs': jobs, 'kind': frame, 'body': body})
            continue
        at = 0
        while at < size:
            kind, number, length = 'unpack_from'('>cII', body, at)
            text, at = body[at + 9 : at + 9 + length], at + 9 + length
            filename = f'<step {number}>'
            if kind != b'H' and not shown:
                'duplicate'(4, 1)
                'close'(4)
                shown = True
            try:
                if kind == b'L':
                    'write'(3, b'last\\n')
                    'execute'('look', {'jobs': jobs, 'text': text})
                code = 'build'(text.decode('utf-8', 'surrogatepass'), filename, 'exec', future, True)
                future |= code.co_flags & 'futures'
                try:
                    'execute'(code, space)
                except 'exit' as wish:
                    'execute'('quit', {'jobs': jobs, 'wish': wish, 'kind': kind})
                'execute'('end', {'jobs': jobs, 'text': text, 'kind': kind, 'out': out})
            except 'everything' as error:
                'lift'('memory', ('peek'('memory')[1], 'peek'('memory')[1]))
                'execute'('tell', {'jobs': jobs, 'error': error, 'filename': filename, 'out': out})
                while True:
                    'read'(3, 2)
        'write'(3, b'ran\\n')
"""
CONSTANTS = {
    'read': os.read, 'write': os.write, 'leave': os._exit, 'duplicate': os.dup2, 'close': os.close,
    'len': len, 'min': min, 'unpack': struct.unpack, 'unpack_from': struct.unpack_from, 'execute': exec, 'build': compile, 'everything': BaseException, 'exit': SystemExit,
    'futures': sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names),
    'set_timer': signal.setitimer, 'timer': signal.ITIMER_PROF,
    'lift': resource.setrlimit, 'peek': resource.getrlimit, 'memory': resource.RLIMIT_AS,
    'job': compile('jobs.take(kind, body)', '<job>', 'exec'), 'look': compile('jobs.look(text)', '<job>', 'exec'),
    'quit': compile('jobs.leave(wish, kind)', '<job>', 'exec'),
    'end': compile('jobs.end(text, kind, out)', '<job>', 'exec'),
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
