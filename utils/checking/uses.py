"""Which other graded answers an answer uses, read from the code of the objects in a notebook."""

import dis
import types
from functools import partial

GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME")


def answers_used(name, names, answers):
    r"""Return which of `answers` the object of this name uses, itself left out.

    Helpers of the same notebook are followed, with their defaults, closures and methods; code of a
    library is not.

    Parameters
    ----------
    name : str
    names : dict
        The names of the notebook.
    answers : collection of str

    Returns
    -------
    list of str
        In the order of `answers`.

    Examples
    --------
    >>> names = {"double": lambda x: 2 * x}
    >>> exec("def twice(x, f=double):\n    return f(f(x))", names)
    >>> answers_used("twice", names, ["double", "half", "twice"])
    ['double']
    """
    found, seen, waiting = set(), set(), [names.get(name)]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        found |= {n for n in answers if callable(value) and names.get(n) is value}
        used = _global_names(value, names)
        found |= used & set(answers)
        waiting += [names[n] for n in used if n in names] + _parts(value, names)
    return [n for n in answers if n in found and n != name]


def raises_not_implemented(value, names):
    """Return whether a function itself says that it is not answered."""
    return "NotImplementedError" in _global_names(value, names)


def _global_names(value, names):
    """Return the names that a function of the notebook takes from it, inner functions included."""
    if not isinstance(value, types.FunctionType) or value.__globals__ is not names:
        return set()
    found, waiting = set(), [value.__code__]
    while waiting:
        code = waiting.pop()
        found |= {i.argval for i in dis.get_instructions(code) if i.opname in GLOBALS}
        waiting += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return found


def _parts(value, names):
    """Return the objects that another one holds and may call."""
    match value:
        case types.FunctionType():
            cells = [cell.cell_contents for cell in value.__closure__ or () if _is_full(cell)]
            defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
            return [*cells, *defaults, getattr(value, "__wrapped__", None)]
        case types.MethodType():
            return [value.__func__, value.__self__]
        case partial():
            return [value.func, *value.args, *value.keywords.values()]
        case type() if value.__module__ == names.get("__name__"):
            return [*vars(value).values(), *value.__bases__]
    if type(value).__module__ == names.get("__name__"):
        return [type(value), *getattr(value, "__dict__", {}).values()]
    return []


def _is_full(cell):
    try:
        cell.cell_contents  # noqa: B018 (empty while the function around it still runs)
    except ValueError:
        return False
    return True
