"""What the expressions of a program may be: the texts behind its names, as far as the program says so itself."""

import ast

MOST_TEXTS = 64  # values that a name may have before it counts as unknown
CONTEXTS = (ast.Load, ast.Store, ast.Del)


def nodes_by_kind(trees):
    found, waiting = {}, list(trees)
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind in found:
            found[kind].append(node)
        else:
            found[kind] = [node]
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, CONTEXTS):
                waiting.append(value)
    return found


class Values:
    """The nodes of some steps, and what their names stand for."""

    def __init__(self, nodes):
        self.nodes, self.values = nodes, None

    def of(self, *kinds):
        return [node for kind in kinds for node in self.nodes.get(kind, ())]

    def texts_of(self, node, depth=0):
        """All values that an expression of constants may have; None where they are not known."""
        kind = type(node)
        if kind is ast.Constant:
            return [node.value] if type(node.value) is str else None
        if depth > 4:
            return None
        if kind is ast.Name:
            return self.texts_of_all(self.values_of(node.id), depth)
        if kind is ast.IfExp:
            return self.texts_of_all([node.body, node.orelse], depth)
        if kind is ast.BinOp and type(node.op) is ast.Add:
            left, right = self.texts_of(node.left, depth + 1), self.texts_of(node.right, depth + 1)
            if left is None or right is None or len(left) * len(right) > MOST_TEXTS:
                return None
            return [a + b for a in left for b in right]
        if kind is ast.JoinedStr and len(node.values) <= 1:
            return self.texts_of(node.values[0], depth + 1) if node.values else ['']
        if kind is ast.Subscript:
            self.values_of('')  # known from here on
            return self.texts_of_all(self.elements_of(node.value), depth)
        return None

    def texts_of_all(self, values, depth):
        if not values or len(values) > MOST_TEXTS:
            return None
        all_texts = [self.texts_of(value, depth + 1) for value in values]
        return None if None in all_texts else [text for texts in all_texts for text in texts]

    def values_of(self, name):
        """The expressions that a name stands for; None where it is bound in another way as well."""
        if self.values is None:
            self.values = {}
            for node in self.of(ast.Assign):
                for target in node.targets:
                    self.bind(target, [node.value])
            for node in self.of(ast.For, ast.comprehension):
                self.bind(node.target, self.elements_of(node.iter))
            bound = {id(part) for node in self.of(ast.Assign, ast.For, ast.comprehension) for part in targets_of(node)}
            for node in self.of(ast.Name):
                if not isinstance(node.ctx, ast.Load) and id(node) not in bound:
                    self.values[node.id] = None
            for node in self.of(ast.arg):
                self.values[node.arg] = None
        return self.values.get(name)

    def bind(self, target, values):
        if type(target) is ast.Name:
            known = self.values.setdefault(target.id, [])
            self.values[target.id] = None if known is None or values is None else known + values
        elif type(target) in (ast.Tuple, ast.List):
            for index, part in enumerate(target.elts):
                fits = values is not None and all(type(v) in (ast.Tuple, ast.List) and len(v.elts) > index for v in values)
                self.bind(part, [value.elts[index] for value in values] if fits else None)

    def elements_of(self, node):
        kind = type(node)
        if kind is ast.Name:
            values = (self.values or {}).get(node.id)
            return self.elements_of(values[0]) if values and len(values) == 1 and type(values[0]) is not ast.Name else None
        if kind in (ast.List, ast.Tuple, ast.Set):
            return node.elts
        if kind is ast.Dict:
            return node.keys + node.values if None not in node.keys else None
        if kind is ast.Constant and type(node.value) is str:
            return [ast.Constant(letter) for letter in node.value]
        return None


def targets_of(node):
    targets = node.targets if type(node) is ast.Assign else [node.target]
    return [part for target in targets for part in ast.walk(target)]
