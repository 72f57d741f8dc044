"""Runs steps in one namespace, each as it would run under python3, and says what came of them. Contains nothing: child.py has
done that before.
"""

import builtins
import json
import os
import resource
import sys
import types

from flags import CLEAN, flags_of, is_surely_clean

RESULT, OUTPUT = 3, 4  # descriptors in the child; 0, 1 and 2 are /dev/null until a step's output is wanted


def reporter(nonce, write=os.write):
    """A function that sends one line to the zygote. `nonce` tells these lines from what a step may write there."""
    head = nonce.encode() + b' '

    def report(body):
        line = head + body + b'\n'
        while line:
            line = line[write(RESULT, line) :]

    return report


def mark_of(nonce):
    """What stands before each step's output where all of it is kept."""
    return b'\0' + nonce[::-1].encode() + b'\n'


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


def run_steps(steps, module, out, report, mark=b'', number=1, is_end=True, encode=json.JSONEncoder().encode):
    """Runs the steps, the first of which is the program's step `number`, in the namespace of `module`. Only what the last
    one prints reaches the zygote; with `mark`, bytes that no step knows beforehand, what all of them print, `mark` before
    each. Without `is_end` more steps follow these, and nothing reaches it.
    """
    last = len(steps) - 1 if is_end else None
    for index, text in enumerate(steps):
        filename = f'<step {index + number}>'
        try:
            if not out.closed:
                out.flush()
            if index == 0 if mark else index == last:
                os.dup2(OUTPUT, 1)
                os.close(OUTPUT)
            if mark:
                os.write(1, mark)
            if index == last:
                report(b'last')
                if not mark and not is_surely_clean(text) and (flags := flags_of([text])) != CLEAN:
                    report(b'flags ' + encode(flags).encode())
            exec(compile(text, filename, 'exec'), module.__dict__)
            if index == len(steps) - 1 and not out.closed:
                out.flush()
        except BaseException as error:
            if isinstance(error, MemoryError):
                hard = resource.getrlimit(resource.RLIMIT_AS)[1]
                resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
            found = describe(error, filename)
            found['step'] = index
            try:
                if not out.closed:
                    out.flush()
            except BaseException:
                found['flushed'] = False  # what was printed is not part of a failed step's verdict
            return found
    return {'status': 'ok', 'step': len(steps) - 1}
