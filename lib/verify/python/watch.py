"""Tells the fork server, before it happens, when a step reaches for the interpreter or the process around it: by the audit
events of PEP 578, so however the step spells it, and for good, since a hook cannot be removed and the word is out.

What is reached for is still given, but for what could move the loop that the step is run from: a tracer sets the line at
which any frame goes on.
"""

import os
import sys

FRAMES = frozenset(('gi_frame', 'cr_frame', 'ag_frame', 'tb_frame'))
TRACERS = frozenset(('sys.settrace', 'sys.monitoring.register_callback'))
WATCHED = TRACERS | frozenset(
    """object.__getattr__ open import sys._getframe sys._getframemodulename sys._current_frames sys._current_exceptions
    sys.setprofile sys.addaudithook gc.get_objects gc.get_referrers gc.get_referents ctypes.dlopen ctypes.dlsym
    ctypes.dlsym/handle ctypes.cdata ctypes.cdata/buffer ctypes.string_at ctypes.wstring_at ctypes.addressof
    ctypes.call_function ctypes.PyObj_FromPtr ctypes.create_string_buffer""".split()
)
NATIVE = frozenset(('ctypes', '_ctypes', 'cffi', '_cffi_backend'))
LIBRARY = os.path.dirname(os.__file__)
# What hands on what it gets: whoever calls it looks.
CONDUITS = tuple(os.path.join(LIBRARY, name) for name in ('inspect.py', 'string.py', 'operator.py', 'functools.py', 'ctypes')) + ('<frozen importlib', '<string>')

WALKERS = ('walk_tb', 'walk_stack')  # of traceback.py; all else in there makes text of frames


def is_conduit(code):
    return code.co_filename.startswith(CONDUITS) or code.co_name in WALKERS and code.co_filename.endswith('traceback.py')


def watch(channel, write=os.write, frame_of=sys._getframe):
    """From here on, in this process and its forks, a step that looks is told of on descriptor `channel`."""
    told, is_looking = set(), False

    def hook(event, arguments):
        nonlocal is_looking
        if event not in WATCHED or is_looking:
            return
        if event == 'object.__getattr__':
            if arguments[1] not in FRAMES:
                return
        elif event == 'open':
            if type(arguments[0]) is not int or arguments[0] < 3:
                return
        elif event == 'import' and arguments[0].partition('.')[0] not in NATIVE:
            return
        is_looking = True
        try:
            frame = frame_of(1)
        finally:
            is_looking = False
        while frame is not None and is_conduit(frame.f_code):
            frame = frame.f_back
        if frame is None:
            return
        name = frame.f_code.co_filename
        if name.startswith('<step ') and event not in told:
            told.add(event)
            write(channel, b'looks\n')
        if event in TRACERS and name != os.path.join(LIBRARY, 'doctest.py'):
            raise RuntimeError(f'a step cannot trace what runs it ({event})')

    sys.addaudithook(hook)
