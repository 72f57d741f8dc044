"""What the text of steps says about how far a verdict on them can be trusted. Runs nothing; asks the syntax tree only.

A step shares its process with what reports on it, so code that looks for that could forge its own verdict (never another
one's, and no reference answer is in there). Such code is told by introspection.py.
"""

import ast
import builtins
import operator
import re
import types

from introspection import BY_NAME, CODE, FRAGMENT, FUNCTIONS, GETTERS, NAMESPACES, Program
from modules import ALLOWED, MODULE_NAMES, SURE, TELLING, TELLING_BUILTINS, UNUSUAL_PARTS, USUAL
from values import nodes_by_kind

SWALLOWED = frozenset(('Exception', 'BaseException', 'ArithmeticError'))
# Builtin functions that give a value and do nothing else: a step of such a call alone computes nothing.
PURE = frozenset('abs bool dict divmod float int len list max min pow range round set sorted str sum tuple type'.split())

WORDS = TELLING | TELLING_BUILTINS | SURE | CODE | BY_NAME | NAMESPACES | GETTERS
SUSPECT = re.compile(
    r'import|except|__|\bmatch\b|format_map|(?<!["\'])\.format\b|\b(?:' + '|'.join(sorted(WORDS)) + r')\b|\{[^{}:!]*[.\[]'
)
PLAIN_IMPORT = re.compile(r'(?m)^(?:import (\w+)(?: as (\w+))?|from (\w+) import (\w+(?:, \w+)*|\*))[ \t]*$')
PLAIN = frozenset(
    """bisect calendar cmath collections copy dataclasses datetime decimal enum fractions functools heapq itertools json math
    mpmath numpy random re statistics string sympy time typing""".split()
)
USE = re.compile(r'([A-Za-z_]\w*)(?:\.([A-Za-z]\w*)(\s*=(?!=))?)?')
WORD = re.compile(r'[A-Za-z_]\w*')
COMPUTES_AT_ONCE = re.compile(r'(?:[ \t]*(?:#.*)?\n)*(?:[A-Za-z_]\w*(?:, *[A-Za-z_]\w*)* *=[^=]|print\(|for [A-Za-z_]|def |class )')


def is_surely_clean(text, modules=(), functions=()):
    """Whether nothing in a step speaks against learning from it, as far as its characters tell: a yes is as good as that of
    flags_of and far cheaper. Other alphabets and escapes may spell a word that this does not see.
    """
    if not text.isascii() or '\\' in text or functions:
        return False
    if 'import' in text:
        text, modules = without_imports(text, dict(modules))
    if SUSPECT.search(text) or not COMPUTES_AT_ONCE.match(text):
        return False
    return not modules or all(
        name not in modules or is_clean_use(modules[name], attribute, sets) for name, attribute, sets in USE.findall(text)
    )


def without_imports(text, modules):
    """The text less the imports in it that are surely clean, and the names of modules with those that they bind."""

    def note(found):
        module, alias, source, names = found.groups()
        if (module or source) not in PLAIN or names and not all(map(is_clean_name, names.split(', '))):
            return found[0]
        if module:
            modules[alias or module] = module
        return ''

    fragments = FRAGMENT.search(text)  # what sympy makes code of
    return (text if fragments else PLAIN_IMPORT.sub(note, text)), modules


def is_clean_name(name):
    return name not in WORDS and name not in MODULE_NAMES and not name.startswith('_')


def is_clean_use(module, attribute, sets):
    own = attribute == module or attribute not in MODULE_NAMES
    return bool(attribute) and own and not sets and module not in ALLOWED


TELLING_FUNCTIONS = {id(each): name for name in FUNCTIONS if (each := getattr(builtins, name))}
TELLING_FUNCTIONS |= {id(getattr(operator, name)): name for name in GETTERS}


def known_names(space, text):
    """Names of a text that earlier steps bound: to modules, with the names of these; to functions that take names or code as
    text."""
    modules, functions = {}, {}
    names = set(WORD.findall(text)) if text.isascii() and '\\' not in text else list(space)
    for name in names:
        value = space.get(name)
        if type(value) is types.ModuleType:
            modules[name] = str(value.__dict__.get('__name__'))
        elif id(value) in TELLING_FUNCTIONS:
            functions[name] = TELLING_FUNCTIONS[id(value)]
    modules.pop('__builtins__', None)
    return modules, functions


CLEAN = {
    'introspection': False,
    'swallowedException': False,
    'nothingComputed': False,
    'onlyLiteralsPrinted': False,
    'unusualImports': [],
}


def flags_of(steps, modules=(), functions=()):
    """Flags of a program, see Flags in protocol.ts; those on output look at the last step. CLEAN where it does not parse.
    `modules` and `functions`: what known_names found after the steps before these.
    """
    found = dict(CLEAN)
    try:
        trees = [ast.parse(text) for text in steps]
        last = nodes_by_kind(trees[-1:])
        nodes = last if len(trees) == 1 else nodes_by_kind(trees)
        program = Program(nodes, modules, functions)
        found['introspection'] = program.is_telling()
    except (SyntaxError, ValueError):
        return found  # it does not run either
    except (MemoryError, RecursionError):
        found['introspection'] = True  # too deep to look at, which the compiler itself may still take
        return found
    found['swallowedException'] = any(swallows(node) for node in nodes.get(ast.ExceptHandler, ()))
    found['unusualImports'] = unusual(program.imported)
    calls = last.get(ast.Call, ())
    printed = [node for node in calls if type(node.func) is ast.Name and node.func.id == 'print']
    found['nothingComputed'] = not stores(last) and all(type(node.func) is ast.Name and node.func.id in PURE for node in calls)
    found['onlyLiteralsPrinted'] = bool(printed) and all(
        isinstance(part, LITERAL) for call in printed for value in call.args for part in ast.walk(value)
    )
    return found


LITERAL = (ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.Tuple, ast.List, ast.Load, ast.JoinedStr)
BINDS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.AsyncFunctionDef)
STORED = (ast.Name, ast.Attribute, ast.Subscript)


def stores(nodes):
    return any(kind in nodes for kind in BINDS) or any(
        isinstance(node.ctx, ast.Store) for kind in STORED for node in nodes.get(kind, ())
    )


def unusual(imported):
    """Names of modules among what is imported: also of parts of usual ones that do something else."""
    roots = {name if name.startswith('.') else name.split('.')[0] for name in imported}
    parts = {part for part in UNUSUAL_PARTS if any(name == part or name.startswith(part + '.') for name in imported)}
    return sorted({root for root in roots if root not in USUAL} | parts)[:20]


def swallows(handler):
    """Whether a handler takes every exception, or does nothing about the ones it takes."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    everything = any(kind is None or isinstance(kind, ast.Name) and kind.id in SWALLOWED for kind in caught)
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return everything and not raises or all(isinstance(statement, ast.Pass) for statement in handler.body)
