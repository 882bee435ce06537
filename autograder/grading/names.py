"""Which names of a notebook rest on which others, read from its cells without running them.

`Names` says which answers another answer uses, and which cells have to run for it. What only
running can tell, such as `globals()["f"]`, is not seen.
"""

import ast
import builtins
import re
import symtable
import sys
import warnings

MAX_PARSED = 20_000  # characters of a cell
MAX_PARSED_IN_ALL = 40_000
MAX_STATEMENTS = 1_000
STAR = "*"
INLINED = (ast.ListComp, ast.SetComp, ast.DictComp) * (sys.version_info >= (3, 12))
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
ASSIGNED_MAGIC = re.compile(r"^([ \t]*\w+[ \t]*=[ \t]*)[%!].*$", re.MULTILINE)


class Names:
    """The names that cells define, in the order in which the cells run.

    Parameters
    ----------
    sources : list of str
        The source of each cell, "" for what is no code.
    """

    def __init__(self, sources):
        self._uses, self._places = {STAR: set()}, {STAR: set()}
        room, left = MAX_PARSED_IN_ALL, MAX_STATEMENTS
        for place, source in enumerate(sources):
            fits = len(source) <= min(room, MAX_PARSED)
            found = statements(source, left) if fits else []
            room, left = room - len(source) * fits, left - len(found)
            for node, defined, used in found:
                self._enter(place, node, defined, used)

    def _enter(self, place, node, defined, used):
        known = set(self._uses)
        for name in defined | ({base} if (base := _mended(node)) in known else set()):
            again = name in {STAR, _mended(node)} | used or not isinstance(node, WHOLE)
            kept = again and name in known
            self._uses[name] = (self._uses[name] if kept else set()) | used
            self._places[name] = (self._places[name] if kept else set()) | {place}

    def __contains__(self, name):
        """Return whether a cell defines a name."""
        return name in self._uses

    def direct(self, name):
        """Return the names that the definition of a name uses."""
        return set(self._uses.get(name, ()))

    def reach(self, name, but=frozenset()):
        """Return all names that one rests on, itself included, as far as cells define them.

        What is in `but` is taken to be given, whatever cells define it.
        """
        found, waiting = set(), [name] if name in self._uses else []
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [n for n in self._uses[name] if n in self._uses and n not in but]
        return found

    def places(self, name, but=frozenset()):
        """Return the places of the cells that have to run for a name."""
        return set().union(*(self._places[n] for n in self.reach(name, but) | {STAR}))


def given(source):
    """Return the names that a cell finds when it runs after this one: Python's own, and these."""
    defined = (names for _, names, _ in statements(source))
    return frozenset(vars(builtins)).union(*defined)


def spoils(source, setup):
    """Return whether a cell gives another meaning to a name that `given(setup)` holds.

    >>> spoils("import numpy as np", "import numpy as np"), spoils("np = 3", "import numpy as np")
    (False, True)
    """
    imports = {ast.unparse(node) for node, *_ in statements(setup) if isinstance(node, IMPORTS)}
    names = given(setup)
    return any(
        (defined | {_mended(node)} | _set_in(node)) & names
        for node, defined, _ in statements(source)
        if not isinstance(node, IMPORTS) or ast.unparse(node) not in imports
    )


def _set_in(node):
    """Return the names of which a statement sets or deletes an attribute, at any depth."""
    inner = () if node is None else ast.walk(node)
    found = [part.value for part in inner if isinstance(part, ast.Attribute) and _is_set(part)]
    while any(isinstance(part, ast.Attribute) for part in found):
        found = [getattr(part, "value", part) for part in found]
    return {part.id for part in found if isinstance(part, ast.Name)}


def _is_set(part):
    return isinstance(part.ctx, (ast.Store, ast.Del))


IMPORTS = (ast.Import, ast.ImportFrom)
WHOLE = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    *IMPORTS,
)


def statements(source, most=MAX_STATEMENTS):
    """Return (node, names it defines, names it uses) of each statement of a cell.

    Names are those of the notebook; a parameter or a local variable is none. A cell that cannot
    be read, or that has more than `most` statements, has none.
    """
    if not source.strip():
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's escapes, such as "\d"
        try:
            return _statements(source, most)
        except UNREADABLE:
            pass
        try:
            return _statements(_without_magics(source), most)
        except UNREADABLE:
            return []


def _statements(source, most):
    lines, found = re.split(r"\r\n|\r|\n", source), []
    body = ast.parse(source).body
    for first, last, nodes in _groups(body) if len(body) <= most else ():
        if INLINED and any(isinstance(n, INLINED) for node in nodes for n in ast.walk(node)):
            text = ast.unparse(ast.Module([_Scoped().visit(node) for node in nodes], []))
        else:
            text = "".join(f"{line}\n" for line in lines[first - 1 : last])
        node = nodes[0] if len(nodes) == 1 else None
        defined, used = _names(symtable.symtable(text, "cell", "exec"))
        found.append((node, defined | {STAR} if any(map(_is_star, nodes)) else defined, used))
    return found


class _Scoped(ast.NodeTransformer):
    """Makes generators of comprehensions, whose variables `symtable` takes for the cell's."""

    def visit_ListComp(self, node):
        """Give it the scope of a generator, which it has by meaning."""
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node):
        """Do the same with key and value as a pair."""
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def _is_star(node):
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _groups(nodes):
    """Return (first line, last line, statements), statements on the same line as one group."""
    groups = []
    for node in nodes:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if groups and first <= groups[-1][1]:
            groups[-1] = (groups[-1][0], node.end_lineno, groups[-1][2])
            groups[-1][2].append(node)
        else:
            groups.append((first, node.end_lineno, [node]))
    return groups


def _without_magics(source):
    """Return a cell in which each line that only IPython reads does nothing."""
    if source.lstrip().startswith("%%"):  # %%time and the like: the rest is code
        source = source.lstrip().partition("\n")[2]
    return ASSIGNED_MAGIC.sub(r"\1None", MAGIC.sub(r"\1pass", source))


def _names(table):
    """Return the names of the notebook that a scope and those inside it define and use."""
    defined, used = set(), set()
    for symbol in table.get_symbols():
        top = table.get_type() == "module"
        # Of a function called "top", some versions of Python take each name for a global one.
        outer = symbol.is_global() and not symbol.is_local()
        if top or outer or symbol.is_declared_global():
            if symbol.is_assigned() or (top and symbol.is_imported()):
                defined.add(symbol.get_name())
            if symbol.is_referenced():
                used.add(symbol.get_name())
    for child in table.get_children():
        more, others = _names(child)
        defined, used = defined | more, used | others
    return defined, used


def _mended(node):
    """Return the name whose object a statement changes (`f.x = …`, `f.append(…)`), or ""."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else ""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    inner = [t for t in targets if isinstance(t, (ast.Attribute, ast.Subscript))]
    return _root(inner[0]) if inner else ""


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
