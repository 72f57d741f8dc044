"""Whether a program looks at the interpreter or the process around it, by its syntax tree alone. Runs nothing.

Told are the names that lead there, under any alias, and texts that take effect as names or code: those of getattr,
attrgetter, format strings, eval. A text that the program puts together itself cannot be read here; it is held against the
program where it is run as code or taken for a name, and let pass where nothing in the program could be the parts of one.
Not told: what reaches the interpreter without any of these names, which audit hooks meet as it happens.
"""

import ast
import re
import string

from modules import (
    ALLOWED,
    EVALUATING,
    HARMLESS_PRIVATE,
    MODULE_NAMES,
    OTHERS,
    OWN_PARTS,
    REFUSED,
    SET,
    SURE,
    TELLING,
    TELLING_BUILTINS,
    USUAL,
)
from values import Values, nodes_by_kind

DEEPEST = 8  # texts within texts
FRAGMENT = re.compile(r'gi_|cr_|ag_|tb_|f_(?:b|lo|gl)|_getf|cell_c|(?<!\w)__[a-z]|[a-z]__(?!\w)|_(?:os|sys)\b')
FIELD_PATH = re.compile(r'[.\[]\s*(\w+)')
OPEN_FIELD = re.compile(r'\{[^{}:!]*[.\[][^{}:!]*$')
EXAMPLE = re.compile(r'(?m)^[ \t]*(?:>>>|\.\.\.) ?(.*)$')
LETTER_SOURCES = frozenset(
    """chr bytes bytearray decode hex ascii_letters ascii_lowercase ascii_uppercase printable __name__ __qualname__ __doc__
    __module__ type dir""".split()
)
BYTE_SOURCES = frozenset('bytes bytearray encode fromhex b64decode unhexlify a2b_hex decompress write pack'.split())
CODE = frozenset(('eval', 'exec', 'compile'))
TIMED = frozenset(('timeit', 'repeat', 'Timer'))
BY_NAME = frozenset(('getattr', 'hasattr', 'setattr', 'delattr'))
GETTERS = frozenset(('attrgetter', 'methodcaller'))
NAMESPACES = frozenset(('globals', 'locals', 'vars'))
LOOKS_ONLY = frozenset('bool dir getattr hasattr help id isinstance print repr str type'.split())
FUNCTIONS = CODE | BY_NAME | NAMESPACES | {'__import__'}
MATCH_CLASS = getattr(ast, 'MatchClass', None)  # not before 3.10


class Program(Values):
    """Steps, as far as they concern the question. `modules` and `functions`: names that stand for others from before."""

    def __init__(self, nodes, modules=(), functions=(), depth=0):
        super().__init__(nodes)
        self.depth = depth
        self.modules, self.functions, self.imported = dict(modules), dict(functions), set()
        self.modules.setdefault('__builtins__', 'builtins')
        self.seen = set()  # names that stand where they give nothing away
        self.texts = [node.value for node in self.of(ast.Constant) if type(node.value) is str]

    def is_telling(self):
        # Imports first: they say what the names mean.
        by_import = [self.imports(node) for node in self.of(ast.Import)] + [self.takes(node) for node in self.of(ast.ImportFrom)]
        return (
            any(by_import)
            or any(self.calls(node) for node in self.of(ast.Call))
            or any(self.reads(node) for node in self.of(ast.Attribute))
            or any(self.looks_up(node) for node in self.of(ast.Subscript))
            or any(self.matches(node) for node in (self.of(MATCH_CLASS) if MATCH_CLASS else ()))
            or self.names_tell()
            or any(self.is_telling_text(node) for node in self.of(ast.Constant) if type(node.value) is str)
        )

    # Imports

    def imports(self, node):
        told = False
        for alias in node.names:
            root = alias.name.split('.')[0]
            self.imported.add(alias.name)
            self.modules[alias.asname or root] = alias.name if alias.asname else root
            told |= is_refused(root)
        return told

    def takes(self, node):
        module, told = node.module or '', False
        root = module.split('.')[0]
        self.imported.add('.' * node.level + module)
        for alias in node.names:
            if alias.name == '*':
                told |= module in ALLOWED
                continue
            name = alias.asname or alias.name
            told |= root != '__future__' and self.is_telling_attribute(module, alias.name)
            self.imported.add(f'{module}.{alias.name}')
            if (module, alias.name) in OWN_PARTS or (root in OTHERS and alias.name in MODULE_NAMES):
                self.modules[name] = f'{module}.{alias.name}'
            else:
                self.functions[name] = alias.name
                if root == 'pickle' and alias.name in ('load', 'loads', 'Unpickler'):
                    told |= self.has_bytes()
        return told or is_refused(root)

    def module_of(self, node):
        """The module that an expression is, with its dots; None where it is not surely one."""
        if type(node) is ast.Name:
            return self.modules.get(node.id)
        if type(node) is ast.Attribute:
            module = self.module_of(node.value)
            root = module and module.split('.')[0]
            return f'{module}.{node.attr}' if module and (root in OTHERS or (module, node.attr) in OWN_PARTS) else None
        if type(node) is ast.Call and self.name_of(node.func) in ('__import__', 'import_module') and node.args:
            texts = self.texts_of(node.args[0])
            return texts[0] if texts and len(texts) == 1 else None
        return None

    # Names

    def is_telling_attribute(self, module, name, is_set=False):
        """`module`: that it is an attribute of; None: of something else."""
        if name in TELLING:
            return True
        if module is None:
            return name in SURE
        if module in ALLOWED:
            return name not in (SET.get(module, ()) if is_set else ALLOWED[module])
        root = module.split('.')[0]
        if name.startswith('_') and name not in HARMLESS_PRIVATE or is_set and module == root and root not in OTHERS:
            return True
        if (module, name) in OWN_PARTS or name == module:
            return False
        return name in SURE or root not in OTHERS and name in MODULE_NAMES

    def reads(self, node):
        base = node.value
        if type(base) is ast.Name:
            self.seen.add(id(base))
        if id(node) in self.seen:
            return False
        module = self.module_of(base)
        if self.is_telling_attribute(module, node.attr, not isinstance(node.ctx, ast.Load)):
            return True
        return module == 'pickle' and node.attr in ('load', 'loads', 'Unpickler') and self.has_bytes()

    def looks_up(self, node):
        key = node.slice
        if type(key).__name__ == 'Index':  # before 3.9
            key = key.value
        if type(key) is not ast.Constant or type(key.value) is not str:
            return False
        base = node.value
        is_namespace = type(base) is ast.Attribute and base.attr == '__dict__'
        is_namespace |= type(base) is ast.Call and self.name_of(base.func) in NAMESPACES
        return key.value in TELLING or is_namespace and self.is_telling_attribute('', key.value)

    def matches(self, node):
        return any(self.is_telling_attribute(None, name) for name in node.kwd_attrs)

    def names_tell(self):
        rebound = None
        for node in self.of(ast.Name):
            name = node.id
            if name == '__match_args__':
                return True
            if name in TELLING_BUILTINS and isinstance(node.ctx, ast.Load):
                return True
            if not isinstance(node.ctx, ast.Load) or id(node) in self.seen:
                continue
            if self.functions.get(name, name) in FUNCTIONS | GETTERS:
                return True
            if name in self.modules:
                if self.modules[name] in ALLOWED:
                    return True
                if rebound is None:
                    rebound = self.rebound_names()
                if name not in rebound:
                    return True
        return False

    def rebound_names(self):
        """Names that are values as well as modules, such as `time` after `time = 5`."""
        modules = self.modules
        names = {node.arg for node in self.of(ast.arg)}
        for node in self.of(ast.Assign, ast.For, ast.comprehension, ast.AugAssign, ast.AnnAssign):
            value = node.iter if isinstance(node, (ast.For, ast.comprehension)) else node.value
            if value is not None and not any(type(part) is ast.Name and part.id in modules for part in ast.walk(value)):
                for target in node.targets if type(node) is ast.Assign else [node.target]:
                    names |= {part.id for part in ast.walk(target) if type(part) is ast.Name}
        return names

    # Calls

    def name_of(self, function):
        """The name of a function as it is known where it comes from; None where it has none."""
        if type(function) is ast.Name:
            return self.functions.get(function.id, function.id)
        return function.attr if type(function) is ast.Attribute else None

    def calls(self, node):
        function, args = node.func, node.args
        name = self.name_of(function)
        is_plain = type(function) is ast.Name
        if is_plain and name in LOOKS_ONLY or name == 'main':
            self.see(args)
        if name == 'import_module' or is_plain and name == '__import__':
            self.seen.add(id(function))
            texts = self.texts_of(args[0]) if args else None
            return texts is None or any(is_refused(text.split('.')[0]) or text.split('.')[0] not in USUAL for text in texts)
        if type(function) is ast.Attribute and self.module_of(function.value) == 'traceback':
            self.seen |= {id(arg) for arg in args if type(arg) is ast.Attribute and arg.attr == '__traceback__'}
        if is_plain and name in CODE:
            self.seen.add(id(function))
            return not args or self.runs(args[0])
        if is_plain and name in BY_NAME:
            self.seen.add(id(function))
            return len(args) < 2 or self.takes_name(name, *args[:2])
        if name in GETTERS:
            self.seen.add(id(function))
            return any(self.takes_path(arg) for arg in (args[:1] if name == 'methodcaller' else args))
        if is_plain and name in NAMESPACES:
            return self.walks(name, node)
        if name in ('format', 'format_map', 'vformat') and type(function) is ast.Attribute:
            known = [texts for texts in (self.texts_of(function.value), self.texts_of(args[0] if args else None)) if texts]
            return any(self.is_telling_format(text) for texts in known for text in texts) or not known and self.has_parts()
        if name in TIMED:
            given = [*args, *(keyword.value for keyword in node.keywords)]
            return any(self.is_telling_code(text) for value in given for text in self.texts_of(value) or ())
        return False

    def see(self, nodes):
        self.seen |= {id(node) for node in nodes if type(node) is ast.Name}

    def takes_name(self, function, base, name):
        self.see([base])
        texts = self.texts_of(name)
        if texts is None:
            return function in ('getattr', 'delattr') and not (type(base) is ast.Name and base.id in ('self', 'cls'))
        return any(self.is_telling_attribute(self.module_of(base), text, function in ('setattr', 'delattr')) for text in texts)

    def takes_path(self, path):
        texts = self.texts_of(path)
        return texts is None or any(self.is_telling_attribute(None, name) for text in texts for name in text.split('.'))

    def walks(self, name, node):
        """Whether a namespace is used for more than its own names, or an object's: those are seen by looks_up and here."""
        self.seen.add(id(node.func))
        if name == 'vars' and node.args:
            return self.module_of(node.args[0]) is not None
        for kind in (ast.Subscript, ast.Compare, ast.Call):
            for user in self.of(kind):
                if kind is ast.Subscript and user.value is node:
                    return self.texts_of(user.slice) is None
                if kind is ast.Compare and node in user.comparators:
                    return not all(isinstance(operator, (ast.In, ast.NotIn)) for operator in user.ops)
                if kind is ast.Call and any(keyword.arg is None and keyword.value is node for keyword in user.keywords):
                    return self.name_of(user.func) != 'format'
                if kind is ast.Call and type(user.func) is ast.Attribute and user.func.value is node and user.func.attr == 'get':
                    texts = self.texts_of(user.args[0]) if user.args else None
                    return texts is None or any(self.is_telling_attribute('', text) for text in texts)
        return True

    # Texts

    def runs(self, node):
        """Whether text that is run as code tells, or cannot be known and could."""
        if type(node) is ast.Call and self.name_of(node.func) == 'compile' and node.args:
            node = node.args[0]
        texts = self.texts_of(node)
        if texts is not None:
            return any(self.is_telling_code(text) for text in texts)
        return self.has_letters()

    def is_telling_code(self, text):
        if self.depth >= DEEPEST:
            return True
        try:
            tree = ast.parse(text.strip())
        except (SyntaxError, ValueError):
            return False
        except (MemoryError, RecursionError):
            return True
        return Program(nodes_by_kind([tree]), self.modules, self.functions, self.depth + 1).is_telling()

    def is_telling_format(self, text):
        return '{' in text and any(self.is_telling_attribute(None, name) for name in field_names(text))

    def is_telling_text(self, node):
        """Whether a text would tell as a format string, as an example of doctest, or as what sympy makes code of."""
        text = node.value
        if self.is_telling_format(text):
            return True
        if '>>>' in text and 'doctest' in self.imported and self.is_telling_code('\n'.join(EXAMPLE.findall(text))):
            return True
        if not FRAGMENT.search(text):
            return False
        uses = {module.split('.')[0] for module in (*self.imported, *self.modules.values())}
        return not uses.isdisjoint(EVALUATING) and not text.isidentifier() and id(node) not in self.shown()

    def has_parts(self):
        """Whether some text could be a part of a format string that reaches for attributes."""
        return any(FRAGMENT.search(text) or OPEN_FIELD.search(text) for text in self.texts)

    def has_letters(self):
        """Whether the program could put a name together, from texts that it does more with than print them."""
        shown = self.shown()
        texts = (node.value for node in self.of(ast.Constant) if id(node) not in shown and type(node.value) is str)
        return any(any(c.isalpha() for c in text) for text in texts) or self.uses(LETTER_SOURCES)

    def shown(self):
        """Texts that are only printed or stand alone."""
        shown = {id(node.value) for node in self.of(ast.Expr)}
        for call in self.of(ast.Call):
            if type(call.func) is ast.Name and call.func.id in ('print', 'input'):
                shown |= {id(arg) for arg in call.args}
                shown |= {id(part) for arg in call.args if type(arg) is ast.JoinedStr for part in arg.values}
        return shown

    def has_bytes(self):
        """Whether the program could make a pickle by hand."""
        return any(type(node.value) is bytes and node.value for node in self.of(ast.Constant)) or self.uses(BYTE_SOURCES)

    def uses(self, names):
        return any(node.id in names for node in self.of(ast.Name)) or any(node.attr in names for node in self.of(ast.Attribute))


def is_refused(root):
    return root in REFUSED or root.startswith('_') and root not in ('__future__', '__main__')


def field_names(text):
    """The names that the fields of a format string reach for."""
    try:
        fields = [part for _, field, spec, _ in string.Formatter().parse(text) for part in (field, spec) if part]
    except ValueError:
        return FIELD_PATH.findall(text) if OPEN_FIELD.search(text) else []
    return [name for field in fields for name in FIELD_PATH.findall(field)]
