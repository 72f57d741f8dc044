"""The namespace that steps run in, as it would be under python3, and what an exception of theirs says."""

import builtins
import sys
import types


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
    if isinstance(error, ModuleNotFoundError) and type(error.name) is str:
        found['module'] = error.name[:100]
    return found


def new_module():
    """The namespace of a program, with the streams of python3 under LANG=C.UTF-8. Result: it, and standard output."""
    module = types.ModuleType('__main__')
    module.__builtins__ = builtins
    sys.modules['__main__'] = module
    sys.stdin = open(0, encoding='utf-8', errors='surrogateescape', closefd=False)
    out = sys.stdout = sys.__stdout__ = open(1, 'w', encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stderr = sys.__stderr__ = open(2, 'w', encoding='utf-8', errors='backslashreplace', closefd=False)
    return module, out


def end_step(out):
    """What a step has printed leaves its process. Raises where that fails."""
    if not out.closed:
        out.flush()
