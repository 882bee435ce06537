"""Attacks inside the interpreter: patched libraries, lying objects, hooks, forged replies."""

from tests.attacks import DOUBLE, HONEST, Attack


def forgery(name, tells, source, points=HONEST, note=""):
    """Return an attack on what is observed of an answer."""
    return Attack(name, "forgery", tells, source, points, note)


PATCHED = [
    forgery(
        "numpy-agrees",
        "every comparison of NumPy says yes",
        """
for name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "any"):
    setattr(np, name, lambda *a, **k: True)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
def double(x):
    return x + 1000
""",
    ),
    forgery(
        "numpy-no-distance",
        "np.abs, np.max and np.isnan say that nothing is off",
        """
np.abs = np.absolute = np.max = lambda *a, **k: 0.0
np.isnan = lambda *a, **k: False
def double(x):
    return x - 7
""",
    ),
    forgery(
        "builtins-agree",
        "abs, max, all, any and min of builtins are patched",
        """
import builtins
builtins.abs = builtins.max = lambda *a, **k: 0
builtins.any = lambda *a: False
builtins.all = lambda *a: True
def double(x):
    return None
""",
    ),
    forgery(
        "everything-is-everything",
        "isinstance says yes to all",
        """
import builtins
builtins.isinstance = lambda *a: True
def double(x):
    return 3
""",
    ),
    forgery(
        "json-writes-full-marks",
        "json.dumps adds points and a verdict to each reply",
        """
import json
dumps = json.dumps
def forged(thing, **options):
    if type(thing) is dict:
        thing = thing | {"points": 100, "status": "right", "verdict": {"points": 100}}
    return dumps(thing, **options)
json.dumps = forged
def double(x):
    return x
""",
    ),
    forgery(
        "drivers-patched",
        "observe of utils.checking claims what it likes",
        """
from utils.checking import drivers
def observe(driver, target, inputs):
    if target is double:
        return {"value": inputs["x"], "changed": {}, "shares": [], "printed": "", "warned": [],
                "expected": inputs["x"], "points": 2.0, "status": "right"}
    return seen(driver, target, inputs)
seen, drivers.observe = drivers.observe, observe
def double(x):
    return 0
""",
    ),
    forgery(
        "judgement-patched",
        "judge, compare and Outcome.points of the child's own copy always say right",
        """
from utils.checking import judgement
judgement.compare = judgement.compare_record = lambda *a: ""
judgement.Outcome.points = property(lambda self: 99.0)
judgement.judge = lambda question, records: judgement.Outcome(question, "right")
def double(x):
    return x * 0
""",
    ),
    forgery(
        "check-patched",
        "check returns full marks, in the notebook and in the module",
        """
import utils.checking
check = utils.checking.check = lambda name: utils.checking.Points(2.0, 2.0)
def double(x):
    return check("double")
""",
    ),
    forgery(
        "codec-patched",
        "encode of the codec puts the tag of an expected exception on the result",
        """
from utils.checking import codec
encode = codec.encode
def forged(value):
    if type(value) is dict and "value" in value and isinstance(value["value"], np.ndarray):
        if value["value"].shape == (7,):
            return {"$interval": [{"$float": "-inf"}, {"$float": "inf"}]}
    return encode(value)
codec.encode = forged
def double(x):
    return np.ones(7)
""",
    ),
    forgery(
        "interval-as-a-result",
        "hands back the objects in which a question states what it expects",
        """
from utils.checking.codec import Interval, Raises
def double(x):
    return Interval(-np.inf, np.inf) if len(x) == 1 else Raises("Exception")
""",
    ),
    forgery(
        "modules-replaced",
        "sys.modules and an import hook hand out a forged utils.checking",
        """
import sys, types
from importlib.abc import MetaPathFinder
fake = types.ModuleType("utils.checking.codec")
fake.plain = fake.encode = fake.decode = lambda value: value
class Finder(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        return fake.__spec__ if name.startswith("utils.checking") else None
sys.meta_path.insert(0, Finder())
sys.modules["autograder"] = sys.modules["utils.checking.answers"] = fake
def double(x):
    return x
""",
    ),
]

LYING = [
    forgery(
        "equal-to-all",
        "an object that is equal to whatever it is compared with",
        """
class Equal:
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = __mul__ = lambda self, *other: self
    __float__ = lambda self: 0.0
    __bool__ = lambda self: True
    __hash__ = None
def double(x):
    return Equal()
""",
    ),
    forgery(
        "class-of-an-array",
        "an object whose __class__ says ndarray, with attributes to match",
        """
class Array:
    __class__ = property(lambda self: np.ndarray)
    dtype, size, shape, ndim = np.dtype(float), 1, (1,), 1
    def __array__(self, *a, **k):
        return np.array([0.0])
    def __eq__(self, other):
        return np.array([True])
def double(x):
    return Array()
""",
    ),
    forgery(
        "array-subclass",
        "an ndarray whose operations and comparisons lie",
        """
class Lying(np.ndarray):
    __array_priority__ = 1e9
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.True_ if ufunc.nout == 1 else (np.True_,) * ufunc.nout
    def __array_function__(self, function, types, args, options):
        return True
    def __array_finalize__(self, other):
        pass
def double(x):
    return np.zeros_like(x).view(Lying)
""",
    ),
    forgery(
        "numbers-that-lie",
        "float, str, list and dict subclasses that are equal to all and print as they like",
        """
def lying(kind, value):
    body = {"__eq__": lambda s, o: True, "__repr__": lambda s: "2.0", "__hash__": kind.__hash__,
            "__float__": lambda s: 2.0, "__sub__": lambda s, o: 0.0, "__str__": lambda s: "b"}
    return type("Lying", (kind,), body)(value)
pick = lying(str, "?")
def double(x):
    return [lying(float, 5.0), lying(str, "x"), lying(list, [1]), lying(dict, {"a": 1})][len(x)]
""",
    ),
    forgery(
        "reduced-to-code",
        "an object that pickles and copies as a call of os.system",
        """
class Bomb:
    def __reduce_ex__(self, protocol):
        import os
        return os.system, (f"touch /tmp/{MARK}_pickle {GRADING}/{MARK}_pickle",)
    __reduce__ = __reduce_ex__
    def __deepcopy__(self, memo):
        return self
def double(x):
    return Bomb()
""",
    ),
    forgery(
        "type-without-a-name",
        "a metaclass whose __name__ raises, on a result and on an exception",
        """
class Nameless(type):
    @property
    def __name__(cls):
        raise SystemError("no name")
class Thing(metaclass=Nameless):
    pass
class Nameless2(type(Exception)):
    @property
    def __name__(cls):
        return object()
class Fault(Exception, metaclass=Nameless2):
    def __str__(self):
        raise SystemError("no text")
def double(x):
    if len(x) == 1:
        return Thing()
    raise Fault
""",
    ),
    forgery(
        "huge-repr",
        "a repr and a str of a gigabyte",
        """
class Huge:
    def __repr__(self):
        return "x" * 10**9
    __str__ = __repr__
def double(x):
    raise ValueError(Huge())
""",
    ),
    forgery(
        "attributes-without-end",
        "each attribute of the result is computed for ever",
        """
class Endless:
    def __getattribute__(self, name):
        while True:
            pass
def double(x):
    return Endless()
""",
        note="did not finish",
    ),
    forgery(
        "never-deleted",
        "the result loops in __del__",
        """
class Sticky:
    def __del__(self):
        while True:
            pass
def double(x):
    return Sticky()
""",
        note="did not finish",
    ),
    forgery(
        "cyclic-lists",
        "lists and dicts that hold themselves, and a thousand levels of nesting",
        """
circle = [1]
circle.append(circle)
wheel = {"a": circle}
wheel["b"] = wheel
deep = []
for _ in range(10**5):
    deep = [deep]
def double(x):
    return [circle, wheel, deep][int(x[0] > 1) + int(x[0] < 0) * 2]
""",
    ),
    forgery(
        "nan-and-objects",
        "arrays of NaN, of objects, of texts, of dates, of records; complex numbers",
        """
odd = [np.full(1, np.nan), np.array([object()]), np.array(["2.0"]), np.array(["2020"], "M8[D]"),
       np.zeros(1, [("a", "O")]), np.array([2 + 1e-30j]), np.ma.masked_all(1), np.longdouble(2)]
turn = iter(odd * 9)
def double(x):
    return next(turn)
""",
    ),
    forgery(
        "huge-integers",
        "integers of a million digits",
        """
def double(x):
    return [1 << 4_000_000, -(1 << 4_000_000), [1 << 64]]
""",
    ),
    forgery(
        "huge-text",
        "texts of 100 MB as result, key, message and type name",
        """
text = "9" * 10**8
def double(x):
    if len(x) == 3:
        raise ValueError(text)
    return {text: [text] * 5, "type": type(text[:10**7], (), {})()}
""",
    ),
    forgery(
        "huge-arrays",
        "arrays of 800 MB, and one of 8 TB that takes no memory",
        """
def double(x):
    if x[0] == 1:
        return np.ones(10**8)
    return np.broadcast_to(2.0, (10**12,)) if len(x) == 3 else [[np.ones(10**6)] * 10] * 10**6
""",
    ),
    forgery(
        "infinite-generator",
        "a generator, and an iterator that never ends",
        """
from itertools import count, repeat
def double(x):
    return [count(), repeat(2.0), (2.0 for _ in count())][len(x) % 3]
""",
    ),
]

HOOKS = [
    forgery(
        "input-transformer",
        "IPython rewrites each check into full marks",
        """
shell = get_ipython()
def forge(lines):
    return ["2.0"] if any("check(" in line for line in lines) else lines
shell.input_transformers_cleanup.append(forge)
shell.input_transformers_post.append(forge)
def double(x):
    return x
""",
    ),
    forgery(
        "ast-transformer",
        "IPython turns each False and each number into what is wanted",
        """
import ast
class Forge(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Forge())
def double(x):
    return 5 * x
""",
    ),
    forgery(
        "events-and-formatters",
        "hooks on every cell and every display, magics and display hooks",
        """
import sys
shell = get_ipython()
for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    shell.events.register(event, lambda *a: shell.user_ns.update(points=2.0, check=lambda n: 2.0))
shell.display_formatter.format = lambda *a, **k: ({"text/plain": "2.0"}, {})
shell.register_magic_function(lambda line: 2.0, magic_name="check")
sys.displayhook = shell.displayhook = lambda *a: None
def double(x):
    return "2.0"
""",
    ),
    forgery(
        "names-that-answer",
        "the namespace of the shell finds a right answer for each name",
        """
shell = get_ipython()
class Names(dict):
    def get(self, name, default=None):
        return dict.get(self, name, default)
    def __missing__(self, name):
        return 2.0
shell.user_ns = Names(shell.user_ns)
kernel = getattr(shell, "kernel", None)
def double(x):
    return kernel
""",
    ),
    forgery(
        "trace-and-profile",
        "sys.settrace and sys.setprofile write into the frames of whoever calls",
        """
import sys
def trace(frame, event, argument):
    for name in ("expected", "record", "value", "points"):
        if name in frame.f_locals:
            frame.f_locals[name] = 2.0
    return trace
def double(x):
    sys.settrace(trace)
    sys.setprofile(trace)
    frame = sys._getframe()
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    return -x
""",
    ),
    forgery(
        "audit-hook",
        "an audit hook, which nobody can take away, refuses what a check may need",
        """
import sys
def refuse(event, arguments):
    if event.startswith(("shutil", "subprocess", "socket", "sqlite3", "pickle", "ctypes")):
        raise RuntimeError("no")
sys.addaudithook(refuse)
def double(x):
    return 1
""",
    ),
    forgery(
        "last-words",
        "atexit, excepthook and unraisablehook send marks when the process ends",
        """
import atexit, os, sys, threading
def send(*a):
    for n in range(3, 64):
        try:
            os.write(n, b'{"number": 3, "points": 2.0}\\n')
        except OSError:
            pass
atexit.register(send)
sys.excepthook = sys.unraisablehook = threading.excepthook = send
def double(x):
    raise KeyboardInterrupt
""",
    ),
    forgery(
        "frames-up",
        "looks for an expected result in the frames of all callers",
        """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for names in (frame.f_locals, frame.f_globals):
            for name in ("expected", "oracle", "answer_key", "questions", "material", "points"):
                if name in names:
                    return 2 * x
        frame = frame.f_back
""",
    ),
    forgery(
        "objects-alive",
        "looks through all objects for a question, a case, a verdict or a gradebook",
        """
import gc, sys
wanted = {"Compiled", "CompiledCase", "Question", "Case", "Material", "Verdict", "Gradebook"}
def double(x):
    for thing in gc.get_objects():
        known = thing.get("expected") if type(thing) is dict else None
        if type(thing).__name__ in wanted or isinstance(known, (np.ndarray, float, dict)):
            return 2 * x
    if any(name.split(".")[0] in ("autograder", "nbgrader", "sqlalchemy") for name in sys.modules):
        return 2 * x
""",
    ),
    forgery(
        "memory-of-its-own",
        "looks for the secret seed in all memory that was inherited",
        """
import ctypes, re
begin = "".join(SEED_BEGINS).encode()
def double(x):
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            span, rights, *_ = line.split()
            start, end = (int(word, 16) for word in span.split("-"))
            if "r" in rights and "[v" not in line and end - start < 2**28:
                try:
                    memory.seek(start)
                    if re.search(begin + b"[0-9a-f]{8}", memory.read(end - start)):
                        return 2 * x
                except OSError:
                    pass
""",
    ),
]

# Sends a line to every place where a reply could be read.
SEND = """
import os
def send(line):
    for n in range(3, 256):
        try:
            os.set_blocking(n, False)
            os.write(n, line)
        except OSError:
            pass
"""
REPLIES = [
    forgery(
        "replies-forged",
        "writes replies with marks to every open file",
        SEND
        + """
def double(x):
    for n in range(50):
        send(b'{"number": %d, "record": {"$dict": {"value": 2.0, "points": 2}}}\\n' % n)
    return x
""",
    ),
    forgery(
        "replies-ahead",
        "writes replies to requests that are still to come",
        SEND
        + """
import json
record = {"$dict": {"value": {"$array": [2.0], "shape": [1], "dtype": "float64"}}}
for n in range(1, 60):
    send(json.dumps({"number": n, "record": record, "cpu": 0.0}).encode() + b"\\n")
def double(x):
    return x
""",
    ),
    forgery(
        "replies-that-are-no-json",
        "writes what a reader of JSON may trip over",
        SEND
        + """
def double(x):
    for line in (b"[" * 10**5, b'{"number": 1e999}', b'{"a": ' * 10**4, b"\\xff\\xfe", b"9" * 10**5,
                 b'{"number": NaN}', b"null", b'{"number": 1, "number": 2}', b"\\0" * 9):
        send(line + b"\\n")
    return x
""",
    ),
    forgery(
        "a-gigabyte-of-garbage",
        "fills every open file with data without a line end",
        """
import os
def double(x):
    for _ in range(1000):
        for n in range(3, 64):
            try:
                os.write(n, b"x" * 2**20)
            except OSError:
                pass
""",
    ),
    forgery(
        "all-files-closed",
        "closes every open file",
        """
import os
os.closerange(0, 1024)
def double(x):
    return x
""",
    ),
    forgery(
        "all-files-the-null-device",
        "puts the null device in place of every open file",
        """
import os
null = os.open("/dev/null", os.O_RDWR)
for n in range(3, 256):
    if n != null:
        os.dup2(null, n)
def double(x):
    return x
""",
    ),
    forgery(
        "garbage-later",
        "a thread writes garbage when the honest part is asked",
        SEND
        + """
import threading, time
def later():
    while "half" not in globals():
        time.sleep(0.001)
    for _ in range(300):
        send(b'{"number": 0}\\n')
        time.sleep(0.001)
threading.Thread(target=later, daemon=True).start()
def double(x):
    return x
""",
    ),
    forgery(
        "collected-later",
        "a callback of the garbage collector raises and loops when the honest part is asked",
        """
import gc
def later(phase, info):
    while "half" in globals():
        pass
gc.callbacks.append(later)
def double(x):
    return [x]
""",
    ),
    forgery(
        "replies-with-the-number",
        "finds the number of the request in its callers' frames, and replies first",
        """
import json, sys
def double(x):
    frame, request, replies = sys._getframe(), None, []
    while frame:
        for value in frame.f_locals.values():
            if isinstance(value, dict) and "number" in value:
                request = value
            if hasattr(value, "write") and hasattr(value, "fileno"):
                replies.append(value)
        frame = frame.f_back
    record = {"$dict": {"value": 2.0, "points": 2.0, "changed": {"$dict": {}}, "shares": []}}
    forged = {"number": request["number"], "cpu": -1e308, "points": 2.0, "record": record}
    for file in replies:
        file.write(json.dumps(forged) + "\\n")
        file.flush()
    return x
""",
    ),
    forgery(
        "requests-stolen",
        "a thread reads the requests before the probe does",
        """
import os, threading
def steal(n):
    try:
        while os.read(n, 65536):
            pass
    except OSError:
        pass
for n in range(3, 64):
    threading.Thread(target=steal, args=(n,), daemon=True).start()
def double(x):
    return x
""",
    ),
    forgery(
        "never-exits",
        "replaces what ends a process, then leaves",
        """
import os, sys
os._exit = sys.exit = lambda *a: None
sys.stdin = sys.stdout = sys.stderr = None
def double(x):
    frame = sys._getframe()
    while frame:
        frame.f_locals.clear()
        frame = frame.f_back
    raise SystemExit
""",
    ),
    forgery(
        "probe-rewritten",
        "replaces the functions of the probe, wherever they are",
        """
import sys
def forged(*a, **k):
    return {"number": 3, "missing": False, "points": 2.0}
for name, module in list(sys.modules.items()):
    if name == "__main__" or name.endswith("probe"):
        for word in ("observe_case", "line_of", "run", "answer"):
            if hasattr(module, word):
                setattr(module, word, forged)
def double(x):
    return x
""",
    ),
]

# An attack that is none: the harm is meant, but the answer is right.
RIGHT_AT_LAST = [
    forgery(
        "right-but-nosy",
        "answers rightly, and prints, warns and leaves notes about what it saw",
        """
import sys, warnings
def double(x):
    print("secret", x, file=sys.stderr)
    warnings.warn(str(x))
    open("notes.txt", "a").write(str(x))
    return 2 * x
""",
        points=HONEST + DOUBLE,
    ),
]

ATTACKS = PATCHED + LYING + HOOKS + REPLIES + RIGHT_AT_LAST
