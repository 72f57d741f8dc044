"""What the text of steps says about how far a verdict on them can be trusted. Runs nothing; asks the syntax tree only.

A step shares its process with what reports on it, so code that looks for that can forge its own verdict (never another
one's, and no reference answer is in there). Such code is told by the names it needs.
"""

import ast
import re

USUAL_MODULES = frozenset(
    """__future__ bisect calendar cmath collections copy dataclasses datetime decimal enum fractions functools heapq
    itertools math mpmath networkx numbers numpy operator pandas random re scipy statistics string sympy textwrap time
    typing""".split()
)
REVEALING_MODULES = frozenset('ctypes gc inspect os signal sys builtins types traceback importlib subprocess'.split())
REVEALING_NAMES = frozenset(
    """eval exec compile globals locals vars __import__ __builtins__ __loader__ __spec__ _getframe _exit tb_frame f_back
    f_locals f_globals gi_frame cr_frame __globals__ __code__ __closure__ __subclasses__ __bases__ __mro__ __dict__
    __traceback__ __reduce__ modules _os _sys getattr setattr delattr attrgetter methodcaller get_type_hints""".split()
)
SWALLOWED = frozenset(('Exception', 'BaseException', 'ArithmeticError'))


SUSPECT = re.compile(r'import|except|__|\b(?:' + '|'.join(sorted(REVEALING_NAMES | REVEALING_MODULES)) + r')\b')
COMPUTES_AT_ONCE = re.compile(r'(?:[ \t]*(?:#.*)?\n)*(?:[A-Za-z_]\w* *=[^=]|print\(|for [A-Za-z_]|def |class )')


def is_surely_clean(text):
    """Whether nothing in a step speaks against learning from it, as far as its characters tell: a yes is as good as that of
    flags_of and far cheaper. Other alphabets and escapes may spell a word that this does not see.
    """
    return text.isascii() and '\\' not in text and not SUSPECT.search(text) and bool(COMPUTES_AT_ONCE.match(text))


CLEAN = {
    'introspection': False,
    'swallowedException': False,
    'nothingComputed': False,
    'onlyLiteralsPrinted': False,
    'unusualImports': [],
}


def flags_of(steps):
    """Flags of a program, see Flags in protocol.ts; those on output look at the last step. CLEAN where it does not parse."""
    found = dict(CLEAN)
    try:
        trees = [ast.parse(text) for text in steps]
    except (SyntaxError, ValueError):
        return found  # it does not run either
    except (MemoryError, RecursionError):
        found['introspection'] = True  # too deep to look at, which the compiler itself may still take
        return found
    imported = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add('.' * node.level + (node.module or '').split('.')[0])
            elif isinstance(node, ast.Name):
                found['introspection'] |= node.id in REVEALING_NAMES
            elif isinstance(node, ast.Attribute):
                found['introspection'] |= node.attr in REVEALING_NAMES or node.attr in REVEALING_MODULES
            elif isinstance(node, ast.Constant):
                found['introspection'] |= type(node.value) is str and '__' in node.value  # sympify runs what it is given
            elif isinstance(node, ast.ExceptHandler):
                found['swallowedException'] |= swallows(node)
    found['introspection'] |= not imported.isdisjoint(REVEALING_MODULES)
    found['unusualImports'] = sorted(imported - USUAL_MODULES)[:20]
    last = trees[-1]
    printed = [node for node in ast.walk(last) if is_print(node)]
    binds = (ast.Name, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.AsyncFunctionDef)
    stores = any(
        isinstance(node, binds) and isinstance(getattr(node, 'ctx', ast.Store()), ast.Store) for node in ast.walk(last)
    )
    found['nothingComputed'] = not printed and not stores
    found['onlyLiteralsPrinted'] = bool(printed) and all(
        isinstance(part, LITERAL) for call in printed for value in call.args for part in ast.walk(value)
    )
    return found


LITERAL = (ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.Tuple, ast.List, ast.Load, ast.JoinedStr)


def is_print(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'print'


def swallows(handler):
    """Whether a handler takes every exception, or does nothing about the ones it takes."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    everything = any(kind is None or isinstance(kind, ast.Name) and kind.id in SWALLOWED for kind in caught)
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return everything and not raises or all(isinstance(statement, ast.Pass) for statement in handler.body)
