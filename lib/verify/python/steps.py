"""The namespace that steps run in, as it would be under python3, what an exception of theirs says, and how they end."""

import _thread
import atexit
import builtins
import codecs
import gc
import io
import opcode
import os
import re
import sys
import types

from at_rest import OUTPUT
from flags import CLEAN, flags_of, is_surely_clean, known_names

SCRIPT = 'main.py'  # the name that a program has for itself
MAKES_WRITERS = re.compile(rb'open|Writer|writer|Wrapper|Buffered')
STREAMS = (io.IOBase, codecs.StreamWriter)
WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
HIGHEST_LIMIT = 2**31 - 1  # that sys.setrecursionlimit takes


def describe(error, filename):
    """Type, message and line of an exception, as strings that a step may have made unusable."""
    try:
        message = str(error.msg if isinstance(error, SyntaxError) and type(error.msg) is str else error)[:500]
    except BaseException:
        message = 'the message of this exception cannot be read'
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None and isinstance(error, SyntaxError):
        line = error.lineno
    status = 'memory' if isinstance(error, MemoryError) else 'error'
    found = {'status': status, 'type': type(error).__name__[:100], 'message': message, 'line': line}
    if isinstance(error, ModuleNotFoundError) and type(error.name) is str and was_import(error.__traceback__):
        found['module'] = error.name[:100]
    return found


def was_import(trace):
    """Whether what raised was an import, not a program that raises the same by itself."""
    if trace is None:
        return False
    while trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    name = opcode.opname[code.co_code[trace.tb_lasti]]
    is_function = name.startswith('CALL') and '__import__' in code.co_names
    return name == 'IMPORT_NAME' or is_function or code.co_filename.startswith('<frozen importlib')


def is_good_end(code):
    """Whether `code` of a SystemExit gives python3 the exit status 0."""
    return code is None or isinstance(code, int) and abs(code) < 1 << 63 and code & 0xFF == 0


def new_module():
    """The namespace of a program, with the streams and arguments of `python3 main.py` under LANG=C.UTF-8, in a pipe. Result:
    it, and standard output. Steps run one call deeper than the caller.
    """
    module = types.ModuleType('__main__')
    module.__builtins__ = builtins
    module.__file__, module.__cached__ = f'{working_folder()}/{SCRIPT}', None
    sys.modules['__main__'] = module
    sys.argv[:] = [SCRIPT]
    sys.orig_argv = [sys.executable, SCRIPT]
    os.dup2(OUTPUT, 1)  # a stream asks once what it writes to
    sys.stdin = sys.__stdin__ = stream(0, 'r', 'surrogateescape', '<stdin>')
    out = sys.stdout = sys.__stdout__ = stream(1, 'w', 'surrogateescape', '<stdout>')
    sys.stderr = sys.__stderr__ = stream(2, 'w', 'backslashreplace', '<stderr>')
    os.dup2(0, 1)
    hide_depth()
    Made.at_end = atexit._ncallbacks()
    return module, out


def working_folder():
    try:
        return os.getcwd().rstrip('/')
    except OSError:
        return ''  # at level rlimit there is none


def stream(descriptor, mode, errors, name):
    made = open(descriptor, mode, encoding='utf-8', errors=errors, closefd=False)
    made.buffer.raw.name = name
    return made


def hide_depth():
    """The calls that led here take nothing from a step's recursion limit, and do not show in it."""
    depth, frame = 0, sys._getframe(1)
    while frame:
        depth, frame = depth + 1, frame.f_back
    read, write = sys.getrecursionlimit, sys.setrecursionlimit

    def getrecursionlimit():
        return read() - depth

    def setrecursionlimit(limit, /):
        write(min(limit + depth, HIGHEST_LIMIT) if limit > 0 else limit)

    write(read() + depth)
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit


class Made:
    """Whether the steps so far may have made streams of their own; how many functions wait for the end without them."""

    writers, at_end = False, 0


def note(text):
    Made.writers = Made.writers or bool(MAKES_WRITERS.search(text))


def flush(out):
    """Writes what the steps so far have printed: python3 does so at its end, also for streams that the program made."""
    streams = [out] if sys.stdout is out else [each for each in (sys.stdout, out) if isinstance(each, STREAMS)]
    if Made.writers:
        streams += [each for each in gc.get_objects() if type(each) in WRITERS]
    for each in streams:
        if is_open(each):
            each.flush()


def is_open(stream):
    try:
        return not stream.closed and stream.writable()
    except ValueError:
        return False  # what it writes to has been taken from it


def end(out):
    """The end of a program as python3 has it: its threads are waited for, what asked for it is called."""
    if _thread._count() and 'threading' in sys.modules:
        sys.modules['threading']._shutdown()
    if atexit._ncallbacks() != Made.at_end:
        atexit._run_exitfuncs()
    flush(out)
    if sys.stdout not in (out, None) and not isinstance(sys.stdout, STREAMS):
        sys.stdout.flush()  # an error where it has no such thing, for python3 too


def flags_after(text, module):
    """Flags of a step, given the names that those before it have bound."""
    names = known_names(module.__dict__, text)
    return CLEAN if is_surely_clean(text, *names) else flags_of([text], *names)
