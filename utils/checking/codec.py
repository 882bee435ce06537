"""Plain data, and its strict form as JSON.

Inputs of a question, results of an answer and compiled checks are plain data: numbers, strings,
lists, dicts and NumPy arrays. `plain` turns whatever an answer returned into plain data, bounded
in size and depth; `encode` and `decode` carry plain data through JSON without a pickle.
"""

import base64
import bz2
import math
import numbers
from dataclasses import dataclass

import numpy as np

MAX_DEPTH = 12
MAX_ENTRIES = 4_000_000
MAX_PARTS = 250_000  # entries that are read one by one
MAX_TEXT = 20_000
FEW = 16  # entries of an array that are written as numbers in any case
MANY = 1_000  # entries of an array of bytes that are pressed where data are kept
ROUNDED_ZERO = 1e-6  # ± this, and an interval means 0
INTEGERS = range(-(2**63), 2**64)
DTYPES = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
DTYPES |= {"bool", "float16", "float32", "float64"}


class NotPlainError(ValueError):
    """Raised for data that is too deep, too large or not of the expected form."""


@dataclass(frozen=True)
class Raises:
    """The expected result is an exception of this type, or of a type derived from it."""

    type: str


@dataclass(frozen=True)
class Interval:
    """The expected result is a number between `low` and `high`, both included."""

    low: float
    high: float

    @property
    def center(self):
        """The number that is meant, where the interval only leaves room for rounding, else None."""
        alike = f"{self.low:.4g}" == f"{self.high:.4g}" or -self.low == self.high <= ROUNDED_ZERO
        return (self.low + self.high) / 2 if alike else None


@dataclass(frozen=True, eq=False)
class Zeros:
    """The expected result is this array, with exact zeros.

    `where` marks the entries that must be exactly 0; None means all entries that are 0 in the
    array.
    """

    array: np.ndarray
    where: np.ndarray | None = None

    @property
    def exact(self):
        """The mask of the entries that must be exactly 0."""
        return self.array == 0 if self.where is None else self.where


@dataclass(frozen=True, eq=False)
class Optimum:
    """The expected result is any solution of an optimization problem.

    Attributes
    ----------
    example : numpy.ndarray
        One solution, to show; there may be others.
    problem : dict
        Plain data, with a "kind" in `utils.checking.optima.KINDS`, which judges a result.
    """

    example: np.ndarray
    problem: dict


@dataclass(frozen=True)
class Other:
    """A result that is not plain data, known by the name of its type only."""

    type: str

    def __post_init__(self):
        if not isinstance(self.type, str):
            raise TypeError(f"type is {type(self.type).__name__}; it should be the name of a type")


AS_THEY_ARE = (type(None), bool, Raises, Interval, Zeros, Optimum, Other)


class Budget:
    """How many entries may still come, over all levels: a list may hold one long list often.

    Those of lists are counted by themselves: an array of millions is read at once.
    """

    def __init__(self):
        self.left, self.parts = MAX_ENTRIES, MAX_PARTS

    def spend(self, entries):
        """Take so many entries off, or raise `NotPlainError` where there are not as many left."""
        self.left -= entries
        if self.left < 0:
            raise NotPlainError(f"the data hold more than {MAX_ENTRIES} entries")

    def spend_parts(self, parts):
        """Take so many entries off that are read one by one, or raise `NotPlainError`."""
        self.spend(parts)
        self.parts -= parts
        if self.parts < 0:
            raise NotPlainError(f"the data hold more than {MAX_PARTS} entries in lists")


def plain(value, budget=None):
    """Return `value` as plain data.

    NumPy scalars become Python numbers, tuples become lists, array subclasses become arrays;
    what is no plain data becomes `Other`, so that a message can still name its type.

    Parameters
    ----------
    value : object
    budget : Budget, optional
        What several values share.

    Raises
    ------
    NotPlainError
        If it is nested deeper than `MAX_DEPTH` or holds more than `MAX_ENTRIES` entries.
    """
    return _plain(value, 0, budget or Budget())


def _plain(value, depth, budget):
    if depth > MAX_DEPTH:
        raise NotPlainError(f"the result is nested more than {MAX_DEPTH} levels deep")
    if type(value) in AS_THEY_ARE:  # what an object says of its class may be a lie
        return value
    if type(value) is np.bool_:
        return bool(value)
    if isinstance(value, numbers.Real):  # NumPy's scalars and Fraction, too
        return _plain_number(value)
    if isinstance(value, str):
        return str(value[:MAX_TEXT])
    if isinstance(value, np.ndarray):
        return _plain_array(value, budget)
    return _plain_container(value, depth, budget)


def _plain_number(value):
    if isinstance(value, numbers.Integral):
        number = int(value)
        return number if number in INTEGERS else float("inf") if number > 0 else float("-inf")
    return float(value)


def _plain_array(value, budget):
    wide = value.dtype.kind == "f" and value.dtype.itemsize > 8
    if value.dtype.name not in DTYPES and not wide:
        return Other(f"array of dtype {value.dtype}"[:MAX_TEXT])
    budget.spend(value.size)
    return np.array(value, dtype=np.float64 if wide else None, subok=False)


def _plain_container(value, depth, budget):
    if isinstance(value, (list, tuple)):
        budget.spend_parts(len(value))
        return [_plain(item, depth + 1, budget) for item in value]
    if isinstance(value, dict):
        budget.spend_parts(len(value))
        pairs = ((str(key)[:MAX_TEXT], item) for key, item in value.items())
        return {key: _plain(item, depth + 1, budget) for key, item in pairs}
    return Other(type(value).__name__)


def encode(value, packed=False):
    """Return plain data as an object that `json.dumps` takes; `decode` undoes it.

    With `packed` the entries of larger arrays are not numbers that can be read, but bytes in
    base64: quick to write and to read, for data that travels and is not kept.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, np.ndarray):
        return _encode_array(value, packed and value.size > FEW)
    if isinstance(value, list):
        return [encode(item, packed) for item in value]
    if isinstance(value, dict):
        return {"$dict": {key: encode(item, packed) for key, item in value.items()}}
    return _encode_tagged(value)


def _encode_array(array, packed):
    form = {"shape": list(array.shape), "dtype": array.dtype.name}
    if not packed and array.dtype == np.uint8 and array.size > MANY:  # images, and no numbers
        pressed = base64.b85encode(bz2.compress(array.tobytes()))
        return {"$pressed": pressed.decode("ascii")} | form
    if packed:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return {"$packed": base64.b64encode(little.tobytes()).decode("ascii")} | form
    return {"$array": [encode(entry) for entry in array.ravel().tolist()]} | form


def _encode_tagged(value):
    match value:
        case Raises(type=name):
            return {"$raises": name}
        case Interval(low=low, high=high):
            return {"$interval": [encode(low), encode(high)]}
        case Zeros(array=array, where=where):
            return {"$zeros": encode(array), "where": encode(where)}
        case Optimum(example=example, problem=problem):
            return {"$optimum": encode(example), "problem": encode(problem)}
        case Other(type=name):
            return {"$other": name}
    raise NotPlainError(f"{type(value).__name__} is not plain data; pass it through plain() first")


def decode(data):
    """Return the plain data that `encode` made into `data`.

    Raises
    ------
    NotPlainError
        If `data` is not of the form that `encode` gives, or is beyond the bounds of `plain`.
    """
    return _decode(data, 0, Budget())


def _decode(data, depth, budget):
    if depth > 2 * MAX_DEPTH:
        raise NotPlainError("the data are nested too deep")
    if isinstance(data, int) and data not in INTEGERS:
        raise NotPlainError("an integer has more than 64 bits")
    if data is None or isinstance(data, (bool, int, float)):
        return data
    if isinstance(data, str):
        return data[:MAX_TEXT]
    if isinstance(data, list):
        budget.spend_parts(len(data))
        return [_decode(item, depth + 1, budget) for item in data]
    if isinstance(data, dict):
        return _decode_tagged(data, depth, budget)
    raise NotPlainError(f"unexpected {type(data).__name__} in the data")


def _decode_tagged(data, depth, budget):
    match data:
        case {"$dict": dict(items), **rest} if not rest:
            budget.spend_parts(len(items))
            return {str(key): _decode(item, depth + 1, budget) for key, item in items.items()}
        case {"$array": list(entries), "shape": list(shape), "dtype": str(dtype)} if len(data) == 3:
            return _decode_array(entries, shape, dtype, budget)
        case {"$packed": str(text), "shape": list(shape), "dtype": str(dtype)} if len(data) == 3:
            return _decode_packed(text, shape, dtype, budget)
        case {"$pressed": str(text), "shape": list(shape), "dtype": "uint8"} if len(data) == 3:
            return _decode_pressed(text, shape, budget)
        case {"$raises": str(name), **rest} if not rest:
            return Raises(name[:MAX_TEXT])
        case {"$other": str(name), **rest} if not rest:
            return Other(name[:MAX_TEXT])
        case {"$interval": [low, high], **rest} if not rest:
            return Interval(_decode_number(low), _decode_number(high))
        case {"$zeros": dict(array), "where": dict() | None as where, **rest} if not rest:
            return _decode_zeros(array, where, depth + 1, budget)
        case {"$optimum": dict(example), "problem": dict(problem), **rest} if not rest:
            return _decode_optimum(example, problem, depth + 1, budget)
    return _decode_number(data)


def _decode_number(data):
    match data:
        case {"$float": "inf" | "-inf" | "nan" as text, **rest} if not rest:
            return float(text)
        case bool() | int() | float():
            return data
    words = sorted(map(str, data))[:3] if isinstance(data, dict) else type(data).__name__
    raise NotPlainError(f"not a number, and no known tag: {words!r:.100}")


def _decode_zeros(array, where, depth, budget):
    zeros = Zeros(_decode(array, depth, budget), where and _decode(where, depth, budget))
    masks = [zeros.array] if where is None else [zeros.array, zeros.where]
    if not all(isinstance(mask, np.ndarray) for mask in masks):
        raise NotPlainError("zeros without an array")
    return zeros


def _decode_optimum(example, problem, depth, budget):
    optimum = Optimum(_decode(example, depth, budget), _decode(problem, depth, budget))
    if not isinstance(optimum.example, np.ndarray) or not isinstance(optimum.problem, dict):
        raise NotPlainError("an optimum without an example and a problem")
    return optimum


def _decode_array(entries, shape, dtype, budget):
    budget.spend_parts(len(entries))
    _require_form(shape, dtype)
    try:
        return np.array([_decode_number(entry) for entry in entries], dtype=dtype).reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlainError(f"not an array: {error}") from None


def _decode_packed(text, shape, dtype, budget):
    _require_form(shape, dtype)
    wide = np.dtype(dtype).newbyteorder("<")
    budget.spend(3 * len(text) // 4 // wide.itemsize)
    try:
        entries = np.frombuffer(base64.b64decode(text, validate=True), wide).reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlainError(f"not an array: {error}") from None
    if dtype == "bool":  # any byte may have come, and 2 is no truth value
        return entries.view(np.uint8) != 0
    return entries.astype(dtype)


def _decode_pressed(text, shape, budget):
    _require_form(shape, "uint8")
    size = math.prod(shape)
    budget.spend(size)
    if size <= MANY or len(text) > 2 * size:  # unpacking long texts is slow and takes much memory
        raise NotPlainError(f"{len(text)} characters are no pressed array of {size} bytes")
    try:
        entries = bz2.BZ2Decompressor().decompress(base64.b85decode(text), size + 1)
    except (ValueError, OSError) as error:
        raise NotPlainError(f"not an array: {error}") from None
    if len(entries) != size:
        raise NotPlainError(f"{len(entries)} bytes are no array of {size}")
    return np.frombuffer(entries, np.uint8).reshape(shape).copy()


def _require_form(shape, dtype):
    if dtype not in DTYPES:
        raise NotPlainError(f"{dtype!r:.40} is no dtype of an array")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise NotPlainError(f"{shape!r:.40} is no shape of an array")
