"""Plain steps: which they are, and how many of them share one process.

A step is plain when its syntax tree holds only assignments to simple names, arithmetic on numbers, a few pure calls and
print. Its values are numbers, so a copy of the namespace is a full copy and nothing leaks from one candidate to the
next. Its cost is bounded before it runs: every integer carries an upper bound of its bits (`None`: surely a float).
Anything else gives None, "run it alone", which is always right and only slower. No process is made here.
"""

import ast
import builtins
import io
import sys

MAX_BITS = 16_384  # above the 4300 digits that print refuses, small enough for any operation to be instant
MAX_CHARS = 8_000
FLOAT_BITS = 1_024  # int() of the largest float
MAX_EXPONENT = 64
MAX_DIGITS = 20  # second argument of round
MAX_BATCH_CHARS = 1 << 20  # printed by one batch

BUILTINS = frozenset(dir(builtins))
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ORDINARY = (ZeroDivisionError, NameError, TypeError, ValueError, OverflowError)


class NotPlain(Exception):
    pass


def join(bounds):
    """The bound of a value that is one of several."""
    return max((b for b in bounds if b is not None), default=None)


def small_int(node):
    """The value of an integer literal with or without a minus sign; NotPlain for anything else."""
    sign = 1
    if type(node) is ast.UnaryOp and type(node.op) is ast.USub:
        node, sign = node.operand, -1
    if type(node) is ast.Constant and type(node.value) is int:
        return sign * node.value
    raise NotPlain


def bits(node, env):
    """Upper bound of the bits of an expression's value where that is an integer; None where it is a float."""
    kind = type(node)
    if kind is ast.Name:
        name = node.id
        if name in env:
            return env[name]
        if name in BUILTINS or name.startswith('__'):
            raise NotPlain
        return 0  # NameError when it runs
    if kind is ast.Constant:
        value = node.value
        if type(value) is int:
            return value.bit_length()
        if type(value) is float:
            return None
        if type(value) is bool:
            return 1
        raise NotPlain
    if kind is ast.BinOp:
        return within(binary(node.op, node.left, node.right, env))
    if kind is ast.UnaryOp and type(node.op) in (ast.USub, ast.UAdd, ast.Not):
        return bits(node.operand, env)
    if kind is ast.Call:
        return within(call(node, env))
    if kind is ast.Compare:
        bits(node.left, env)
        for operator, operand in zip(node.ops, node.comparators):
            if not isinstance(operator, COMPARISONS):
                raise NotPlain
            bits(operand, env)
        return 1
    if kind is ast.BoolOp:
        return join([bits(value, env) for value in node.values])
    if kind is ast.IfExp:
        bits(node.test, env)
        return join([bits(node.body, env), bits(node.orelse, env)])
    raise NotPlain


def within(bound):
    if bound is not None and bound > MAX_BITS:
        raise NotPlain
    return bound


def binary(operator, left, right, env):
    kind = type(operator)
    a = bits(left, env)
    if kind is ast.Pow:
        if type(right) is ast.Constant and type(right.value) is float:
            return None
        exponent = small_int(right)
        if abs(exponent) > MAX_EXPONENT:
            raise NotPlain
        return None if a is None or exponent < 0 else a * exponent + 1
    b = bits(right, env)
    if kind is ast.Div or a is None or b is None:
        if kind in (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod):
            return None
    elif kind is ast.Mult:
        return a + b
    elif kind in (ast.Add, ast.Sub, ast.FloorDiv, ast.Mod):
        return max(a, b) + 1
    raise NotPlain


def call(node, env):
    name = node.func.id if type(node.func) is ast.Name else None
    args = node.args
    if node.keywords or not args:
        raise NotPlain
    if name == 'round' and len(args) <= 2:
        if len(args) == 2 and abs(small_int(args[1])) > MAX_DIGITS:
            raise NotPlain
        return max(bits(args[0], env) or 0, FLOAT_BITS) + 1
    if name in ('abs', 'int', 'float') and len(args) == 1:
        bound = bits(args[0], env)
        return bound if name == 'abs' else None if name == 'float' else max(bound or 0, FLOAT_BITS)
    if name in ('sum', 'min', 'max'):
        if len(args) == 1 and type(args[0]) in (ast.List, ast.Tuple):
            args = args[0].elts
        elif name == 'sum':
            raise NotPlain
        bound = join([bits(arg, env) for arg in args])
        return bound + len(args) if bound is not None and name == 'sum' else bound
    raise NotPlain


def check(tree, env):
    """Raises NotPlain unless every statement is plain; adds the bounds of the names it binds to `env`."""
    for node in tree.body:
        kind = type(node)
        if kind is ast.Assign:
            bound = bits(node.value, env)
            for target in node.targets:
                bind(target, bound, env)
        elif kind is ast.Expr:
            value = node.value
            if type(value) is ast.Call and is_print(value):
                if value.keywords:
                    raise NotPlain
                for arg in value.args:
                    printable(arg, env)
            else:
                printable(value, env)
        elif kind is ast.AugAssign:
            if type(node.target) is not ast.Name:
                raise NotPlain
            read = ast.Name(node.target.id, ast.Load())
            bind(node.target, within(binary(node.op, read, node.value, env)), env)
        elif kind is not ast.Pass:
            raise NotPlain


def bind(target, bound, env):
    if type(target) is not ast.Name or target.id in BUILTINS or target.id.startswith('__'):
        raise NotPlain
    env[target.id] = bound


def printable(node, env):
    if type(node) is ast.Constant and type(node.value) is str:
        return
    if type(node) is ast.JoinedStr:
        for part in node.values:
            if type(part) is ast.FormattedValue:
                if part.format_spec is not None or part.conversion != -1:
                    raise NotPlain
                bits(part.value, env)
        return
    bits(node, env)


def computes(tree):
    """Whether a plain step prints or binds something. One that does neither is told of in a run of its own, see flags.py."""
    return any(type(node) is not ast.Expr or type(node.value) is ast.Call and is_print(node.value) for node in tree.body if type(node) is not ast.Pass)


def is_print(call):
    return type(call.func) is ast.Name and call.func.id == 'print'


def run_step(text, env, space, limit_bytes, is_candidate=False):
    """Runs one step in `space`. Result: what it printed; [type, message, line] of its error; None if not plain."""
    if len(text) > MAX_CHARS:
        return None
    try:
        tree = ast.parse(text, '<step>')
        check(tree, env)
        if is_candidate and not computes(tree):
            return None
        code = compile(tree, '<step>', 'exec')
    except SyntaxError as error:
        return [type(error).__name__, error.msg[:500], error.lineno]
    except Exception:  # NotPlain, or a tree or text that the compiler refuses in some other way
        return None
    sys.stdout = out = io.StringIO()
    try:
        exec(code, space)
        printed = out.getvalue()
        if len(printed.encode()) > limit_bytes:
            return None
        return printed
    except UnicodeError:
        return None
    except ORDINARY as error:
        if len(out.getvalue().encode('utf-8', 'replace')) > limit_bytes:
            return None
        return [type(error).__name__, str(error)[:500], error.__traceback__.tb_next.tb_lineno]
    except BaseException:
        return None


def run_group(steps, candidates, limit_bytes):
    """Runs `steps` once, then each candidate in its own copy of the names they bound.

    Result: one run_step result per candidate; {'step': index, 'error': [...]} where an earlier step raised; None where
    an earlier step is not plain.
    """
    env, space = {}, {'__name__': '__main__', '__builtins__': builtins}
    for index, text in enumerate(steps):
        result = run_step(text, env, space, limit_bytes)
        if result is None:
            return None
        if type(result) is list:
            return {'step': index, 'error': result}
    return [run_step(text, dict(env), dict(space), limit_bytes, is_candidate=True) for text in candidates]


def run_batch(groups, limit_bytes):
    """run_group for each of `groups` ({'steps', 'candidates'}); None for all that follow once much was printed."""
    results, room = [], MAX_BATCH_CHARS
    for group in groups:
        result = run_group(group['steps'], group['candidates'], limit_bytes) if room > 0 else None
        if type(result) is list:
            room -= sum(len(r) for r in result if type(r) is str)
        results.append(result)
    return results
