"""Plain data, and its strict form as JSON.

Inputs of a question, results of an answer and compiled checks are plain data: numbers, strings,
lists, dicts and NumPy arrays. `plain` turns whatever an answer returned into plain data, bounded
in size and depth; `encode` and `decode` carry plain data through JSON without a pickle.
"""

import numbers
from dataclasses import dataclass

import numpy as np

MAX_DEPTH = 12
MAX_ENTRIES = 4_000_000
MAX_TEXT = 20_000
KINDS = "biuf"


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


@dataclass(frozen=True)
class Other:
    """A result that is not plain data, known by the name of its type only."""

    type: str


def plain(value, depth=0):
    """Return `value` as plain data.

    NumPy scalars become Python numbers, tuples become lists, array subclasses become arrays;
    what is no plain data becomes `Other`, so that a message can still name its type.

    Raises
    ------
    NotPlainError
        If it is nested deeper than `MAX_DEPTH` or holds more than `MAX_ENTRIES` entries.
    """
    if depth > MAX_DEPTH:
        raise NotPlainError(f"the result is nested more than {MAX_DEPTH} levels deep")
    if value is None or isinstance(value, (bool, Raises, Interval, Zeros, Other)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real):  # NumPy's scalars and Fraction, too
        return _plain_number(value)
    if isinstance(value, str):
        return str(value[:MAX_TEXT])
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    return _plain_container(value, depth)


def _plain_number(value):
    if isinstance(value, numbers.Integral):
        number = int(value)
        return number if abs(number) < 2**63 else float("inf") if number > 0 else float("-inf")
    return float(value)


def _plain_array(value):
    if value.dtype.kind not in KINDS:
        return Other(f"array of dtype {value.dtype}")
    _check_size(value.size)
    wide = value.dtype.kind == "f" and value.dtype.itemsize > 8
    return np.array(value, dtype=np.float64 if wide else None, subok=False)


def _plain_container(value, depth):
    if isinstance(value, (list, tuple)):
        _check_size(len(value))
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        _check_size(len(value))
        return {str(key)[:MAX_TEXT]: plain(item, depth + 1) for key, item in value.items()}
    return Other(type(value).__name__)


def _check_size(entries):
    if entries > MAX_ENTRIES:
        raise NotPlainError(f"the result holds {entries} entries, the limit is {MAX_ENTRIES}")


def encode(value):
    """Return plain data as an object that `json.dumps` takes; `decode` undoes it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, np.ndarray):
        entries = [encode(entry) for entry in value.ravel().tolist()]
        return {"$array": entries, "shape": list(value.shape), "dtype": value.dtype.name}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"$dict": {key: encode(item) for key, item in value.items()}}
    return _encode_tagged(value)


def _encode_tagged(value):
    match value:
        case Raises(type=name):
            return {"$raises": name}
        case Interval(low=low, high=high):
            return {"$interval": [encode(low), encode(high)]}
        case Zeros(array=array, where=where):
            return {"$zeros": encode(array), "where": encode(where)}
        case Other(type=name):
            return {"$other": name}
    raise NotPlainError(f"{type(value).__name__} is not plain data; pass it through plain() first")


def decode(data, depth=0):
    """Return the plain data that `encode` made into `data`.

    Raises
    ------
    NotPlainError
        If `data` is not of the form that `encode` gives, or is beyond the bounds of `plain`.
    """
    if depth > 2 * MAX_DEPTH:
        raise NotPlainError("the data are nested too deep")
    if data is None or isinstance(data, (bool, int, float)):
        return data
    if isinstance(data, str):
        return data[:MAX_TEXT]
    if isinstance(data, list):
        _check_size(len(data))
        return [decode(item, depth + 1) for item in data]
    if isinstance(data, dict):
        return _decode_tagged(data, depth)
    raise NotPlainError(f"unexpected {type(data).__name__} in the data")


def _decode_tagged(data, depth):
    match data:
        case {"$dict": dict(items), **rest} if not rest:
            _check_size(len(items))
            return {str(key): decode(item, depth + 1) for key, item in items.items()}
        case {"$float": "inf" | "-inf" | "nan" as text, **rest} if not rest:
            return float(text)
        case {"$array": list(entries), "shape": list(shape), "dtype": str(dtype)} if len(data) == 3:
            return _decode_array(entries, shape, dtype)
        case {"$raises": str(name), **rest} if not rest:
            return Raises(name[:MAX_TEXT])
        case {"$other": str(name), **rest} if not rest:
            return Other(name[:MAX_TEXT])
        case {"$interval": [low, high], **rest} if not rest:
            return Interval(decode(low, depth + 1), decode(high, depth + 1))
        case {"$zeros": dict(array), "where": dict() | None as where, **rest} if not rest:
            return Zeros(decode(array, depth + 1), decode(where, depth + 1))
    raise NotPlainError(f"unknown tag in the data: {sorted(map(str, data))[:3]}")


def _decode_array(entries, shape, dtype):
    _check_size(len(entries))
    try:
        kind = np.dtype(dtype).kind
        if kind not in KINDS:
            raise NotPlainError(f"dtype {dtype} is not numeric")
        return np.array([decode(entry) for entry in entries], dtype=dtype).reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotPlainError(f"not an array: {error}") from None
