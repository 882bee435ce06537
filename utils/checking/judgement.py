"""From what was observed to an outcome: compare, weigh the parts, recognise a misconception."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from utils.checking import optima
from utils.checking.codec import Interval, Optimum, Other, Raises, Zeros, decode, encode

UNCHANGED = "arguments unchanged"
NEW_ARRAY = "a new array"
MAX_QUOTED = 40  # characters


@dataclass(frozen=True)
class CompiledCase:
    """One case of a compiled question: how to call, and what should come back."""

    label: str
    part: str
    driver: str
    inputs: dict
    expected: object


@dataclass(frozen=True)
class CompiledMisconception:
    """What a named wrong implementation returns on each case, and the sentence that helps."""

    name: str
    sentence: str
    records: list


@dataclass(frozen=True)
class Compiled:
    """A question as data, without any answer code: what a check needs to judge an answer.

    `parts` maps the name of each part to its weight. The first part is the core: without it
    nothing is earned. `choices` is only there for a multiple choice.
    """

    name: str
    title: str
    lesson: str
    points: float
    parts: dict
    cases: list
    misconceptions: list = field(default_factory=list)
    hint: str = ""
    rtol: float = 1e-5
    atol: float = 1e-8
    choices: dict = field(default_factory=dict)

    def to_json(self):
        """Return the question as an object for `json.dumps`."""
        data = asdict(replace(self, cases=[]))
        places = _first_places(self.cases)
        data["cases"] = [
            {"label": c.label, "part": c.part, "driver": c.driver}
            | {"inputs": _encode_inputs(place, c, places), "expected": _seal(self.name, c)}
            for place, c in enumerate(self.cases)
        ]
        data["misconceptions"] = [
            {"name": m.name, "sentence": m.sentence, "records": _seal_records(self.cases, m)}
            for m in self.misconceptions
        ]
        return data

    @classmethod
    def from_json(cls, data):
        """Return the question that `to_json` made into `data`."""
        cases = []
        for c in data["cases"]:
            known = {"inputs": _decode_inputs(c, cases), "expected": _unseal(data["name"], c)}
            cases.append(CompiledCase(**c | known))
        misconceptions = [
            CompiledMisconception(**m | {"records": _unseal_records(m)})
            for m in data["misconceptions"]
        ]
        return cls(**data | {"cases": cases, "misconceptions": misconceptions})


@dataclass(frozen=True)
class Failure:
    """The first case that went wrong: the case, what was observed and how it differs."""

    case: CompiledCase
    record: dict
    difference: str


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    `status` is "right", "partly", "wrong", "unanswered" or "died"; `parts` maps each part to
    whether it was passed; `diagnosis` names the misconception that was recognised and `sentence`
    says what helps.
    """

    question: Compiled
    status: str
    parts: dict = field(default_factory=dict)
    failure: Failure | None = None
    diagnosis: str = ""
    sentence: str = ""
    reason: str = ""

    @property
    def points(self):
        """The points earned: the weights of the passed parts, none without the core."""
        if self.status == "right":
            return float(self.question.points)
        if self.status != "partly":
            return 0.0
        share = sum(self.question.parts[part] for part, passed in self.parts.items() if passed)
        return round(share * self.question.points, 2)

    @property
    def max_points(self):
        """The points of the question."""
        return float(self.question.points)


def judge(question, records):
    """Return the outcome of a question, given one record a case as `observe` makes them.

    Parameters
    ----------
    question : Compiled
    records : list of dict
        In the order of `question.cases`.

    Returns
    -------
    Outcome
    """
    if records and all(_unanswered(record) for record in records):
        return Outcome(question, "unanswered")
    if question.choices:
        return _judge_choice(question, records[0].get("value"))
    faults = [
        _faults(question, case, record)
        for case, record in zip(question.cases, records, strict=True)
    ]
    parts = dict.fromkeys(question.parts, True)
    for case, fault in zip(question.cases, faults, strict=True):
        for part in fault:
            parts[case.part if part == "value" else part] = False
    if not any(faults):
        return Outcome(question, "right", parts)
    status = "partly" if parts[next(iter(parts))] else "wrong"
    place = _shown_first(question, faults)
    failure = Failure(question.cases[place], records[place], next(iter(faults[place].values())))
    name, sentence = _recognise(question, records, faults)
    if not sentence:
        name, sentence = _about_arguments(faults, records)
    return Outcome(question, status, parts, failure, name, sentence)


def died(question, reason):
    """Return the outcome of a question whose answer ended or outlived its process."""
    return Outcome(question, "died", reason=reason)


def _unanswered(record):
    return "NotImplementedError" in record.get("raised", {}).get("types", ())


def _faults(question, case, record):
    """Return what is wrong with one case: {"value" or a part: sentence}."""
    faults = {}
    sentence = compare_record(case.expected, record, question.rtol, question.atol)
    if case.driver == "value":
        sentence = _without_distance(sentence)
    else:
        sentence = sentence or _list_for_array(case.expected, record)
    if sentence:
        faults["value"] = sentence
    if UNCHANGED in question.parts and record["changed"]:
        names = " and ".join(record["changed"])
        change = "is no longer what it was" if len(record["changed"]) == 1 else "are not as before"
        faults[UNCHANGED] = f"after the call {names} {change}"
    if NEW_ARRAY in question.parts and record["shares"]:
        faults[NEW_ARRAY] = f"the result shares its memory with {record['shares'][0]}"
    return faults


def _without_distance(sentence):
    """Return the sentence on a wrong value without the distance that would give the answer away."""
    place, found, _ = sentence.partition("off by")
    return f"{place}not the right value" if found else sentence


def _list_for_array(expected, record):
    """Return a sentence if a function gave a list for an array; a variable may be a list."""
    arrays = (np.ndarray, Zeros, Optimum)
    if isinstance(expected, arrays) and isinstance(record["value"], list):
        return f"{kind_of(record['value'])} came back; np.array(…) makes an array of it"
    return ""


def compare_record(expected, record, rtol, atol):
    """Return "" if a record is as expected, else a sentence that says how it differs."""
    raised = record.get("raised")
    if isinstance(expected, Raises):
        if raised is None:
            return f"no {expected.type} was raised"
        if expected.type in raised["types"]:
            return ""
        return f"{raised['types'][0]} was raised in place of {expected.type}"
    if raised is not None:
        return f"{raised['types'][0]} was raised"
    return compare(expected, record["value"], rtol, atol)


def compare(expected, got, rtol, atol):
    """Return "" if `got` is as expected, else a sentence that says how it differs.

    Numbers agree when |got − expected| ≤ rtol·|expected| + atol; arrays when every entry is within
    rtol·max|expected| + atol, so that an answer computed in float32 passes.
    """
    match expected:
        case Zeros(array=array):
            return compare(array, got, rtol, atol) or _compare_zeros(expected.exact, got)
        case Interval():
            return _compare_interval(expected, got)
        case Optimum(example=example, problem=problem):
            return _compare_kind(example, got) or optima.fault(problem, as_array(got))
        case np.ndarray():
            return _compare_array(expected, got, rtol, atol)
        case bool() | str() | None | Other():
            return _compare_exactly(expected, got)
        case int() | float():
            return _compare_number(expected, got, rtol, atol)
        case list():
            return _compare_list(expected, got, rtol, atol)
        case dict():
            return _compare_dict(expected, got, rtol, atol)
    raise TypeError(f"a question cannot expect a {type(expected).__name__}")


def kind_of(value):
    """Return in words what kind of thing a result is."""
    match value:
        case None:
            return "None"
        case bool():
            return "a bool"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case np.ndarray():
            return f"an array of shape {value.shape}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a dict"
        case Other(type=name):
            return f"an {name}" if name.startswith("array") else f"an object of type {name}"
    return type(value).__name__


def _scalar(value):
    """Return a number as it is, a 0-d array as its number, anything else as None."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value


def _missing_return(got):
    return "; is a return missing?" if got is None else ""


def _compare_number(expected, got, rtol, atol):
    number = _scalar(got)
    if number is None:
        return f"{kind_of(got)} came back, not a number{_missing_return(got)}"
    if number == expected or (np.isnan(expected) and np.isnan(number)):
        return ""
    if abs(number - expected) <= rtol * abs(expected) + atol < np.inf:
        return ""
    return "nan came back" if np.isnan(number) else f"off by {abs(number - expected):.3g}"


def _compare_interval(interval, got):
    number = _scalar(got)
    if number is None:
        return f"{kind_of(got)} came back, not a number{_missing_return(got)}"
    if interval.low <= number <= interval.high:
        return ""
    if interval.center is None:
        return f"{number:.4g} is outside {interval.low:.4g} to {interval.high:.4g}"
    distance = abs(number - interval.center)
    return "nan came back" if np.isnan(number) else f"off by {distance:.3g}"


def _compare_exactly(expected, got):
    if isinstance(expected, bool) and isinstance(got, np.ndarray) and got.shape == ():
        got = got.item()
    if type(got) is type(expected) and got == expected:
        return ""
    found = _quoted(got) if isinstance(got, (bool, str)) else kind_of(got)
    return f"{found} came back"


def _quoted(value):
    """Return the beginning of a value: a student's own words shall not fill a teacher's page."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}…"


def as_array(value):
    """Return an array, a number or a list of numbers as an array, anything else as None."""
    if isinstance(value, list):
        if set(map(type, value)) <= {int, float}:  # at once, however long
            array = np.array(value)
            if array.dtype.kind in "iuf":
                return array
        parts = [as_array(item) for item in value]
        if any(part is None for part in parts) or len({part.shape for part in parts}) > 1:
            return None
        return np.array(parts)
    if isinstance(value, (bool, int, float)):
        return np.asarray(value)
    return value if isinstance(value, np.ndarray) else None


def _compare_kind(expected, got):
    """Return "" if `got` is an array of the shape and the kind of dtype that is expected."""
    array = as_array(got)
    if array is None:
        return f"{kind_of(got)} came back, not an array of numbers{_missing_return(got)}"
    if array.shape != expected.shape:
        return f"{kind_of(got)} came back, the shape should be {expected.shape}"
    if (array.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return f"an array of dtype {array.dtype} came back, not of {expected.dtype}"
    return ""


def _compare_array(expected, got, rtol, atol):
    sentence = _compare_kind(expected, got)
    if sentence:
        return sentence
    wanted, array = expected.astype(float), as_array(got).astype(float)
    scale = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)
    same = (array == wanted) | (np.isnan(array) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        distance = np.where(same, 0.0, np.abs(array - wanted))
    distance[np.isnan(distance)] = np.inf
    if np.all(distance <= rtol * scale + atol):
        return ""
    place = np.unravel_index(np.argmax(distance), distance.shape)
    where = f" at index {', '.join(map(str, place))}" if place else ""
    if np.isnan(array[place]):
        return f"nan{where}"
    return f"off by up to {distance.max():.3g}{where}"


def _compare_zeros(exact, got):
    array = as_array(got)
    tiny = exact & (array != 0)
    if not np.any(tiny):
        return ""
    place = tuple(int(i) for i in np.argwhere(tiny)[0])
    return f"{array[place]:.3g} instead of exactly 0 at index {', '.join(map(str, place))}"


def _compare_list(expected, got, rtol, atol):
    if isinstance(got, np.ndarray) and got.ndim:
        got = [entry if entry.ndim else entry.item() for entry in map(np.asarray, got)]
    if not isinstance(got, list) or len(got) != len(expected):
        return f"{kind_of(got)} came back, not a list of {len(expected)}{_missing_return(got)}"
    for place, (wanted, item) in enumerate(zip(expected, got, strict=True)):
        sentence = compare(wanted, item, rtol, atol)
        if sentence:
            return f"item {place}: {sentence}"
    return ""


def _compare_dict(expected, got, rtol, atol):
    if not isinstance(got, dict):
        return f"{kind_of(got)} came back, not a dict with the keys {', '.join(expected)}"
    missing = [key for key in expected if key not in got]
    extra = [key for key in got if key not in expected]
    if missing or extra:
        parts = [f"missing keys: {', '.join(missing)}"] if missing else []
        parts += [f"keys too many: {_quoted(extra)[1:-1]}"] if extra else []
        return f"a dict came back; {'; '.join(parts)}"
    for key, wanted in expected.items():
        sentence = compare(wanted, got[key], rtol, atol)
        if sentence:
            return f"{key}: {sentence}"
    return ""


def _recognise(question, records, faults):
    """Return the name and the sentence of the misconception that explains the wrong results.

    It gave the same on the case that is shown and on at least half of those that went wrong, and
    it fails nowhere where the answer is right. Of several, the one that explains most is taken.
    """
    wrong = [place for place, fault in enumerate(faults) if "value" in fault]
    right = [place for place, fault in enumerate(faults) if "value" not in fault]
    best, most = ("", ""), 0
    for misconception in question.misconceptions:
        kept = misconception.records
        alike = [
            place
            for place in wrong
            if _alike(question, records[place], kept[place]) and _fails(question, kept, [place])
        ]
        if len(alike) <= most or 2 * len(alike) < len(wrong):
            continue
        claims = [place for place in right if "signature" not in kept[place]]
        if _shown_first(question, faults) in alike and not _fails(question, kept, claims):
            best, most = (misconception.name, misconception.sentence), len(alike)
    return best


def _shown_first(question, faults):
    """Return the place of the case to show: wrong results before changed arguments, core first."""
    order = list(question.parts)

    def rank(place):
        return "value" not in faults[place], order.index(question.cases[place].part)

    return min((place for place, fault in enumerate(faults) if fault), key=rank)


def _fails(question, kept, places):
    """Return whether a misconception fails in one of these places."""
    return any("value" in _faults(question, question.cases[place], kept[place]) for place in places)


def _alike(question, record, wrong):
    if "raised" in wrong:
        return "raised" in record and wrong["raised"]["types"][0] in record["raised"]["types"]
    return "value" in record and not compare(
        wrong["value"], record["value"], question.rtol, question.atol
    )


def _about_arguments(faults, records):
    """Return name and sentence for an answer that is right but for what it did to its arguments."""
    parts = {part for fault in faults for part in fault}
    if not parts or parts - {UNCHANGED, NEW_ARRAY}:
        return "", ""
    if UNCHANGED not in parts:
        return "no new array", (
            "The values are right, but the result is the array that was handed in, or a view of "
            "it: whoever changes one later changes both. Return a new array."
        )
    if "values" not in {kind for record in records for kind in record["changed"].values()}:
        return "restored by arithmetic", (
            "The result is right, but an array that the function was given came back a little off: "
            "adding a number and taking it away again does not always give the same bits. "
            "Keep the old entry and put that back."
        )
    return "argument changed", (
        "The result is right, but the function changed an array or a list that belongs to whoever "
        "called it. `a -= …`, `a[…] = …`, `pop` and `append` work in place; `a = a - …` and "
        "`a.copy()` make a new one."
    )


# Images that several cases look at are kept once.


def _first_places(cases):
    """Return {(name, id of an array of bytes): the first case that it is an input of}."""
    places = {}
    for place, case in enumerate(cases):
        for name, value in case.inputs.items():
            if isinstance(value, np.ndarray) and value.dtype == np.uint8:
                places.setdefault((name, id(value)), place)
    return places


def _encode_inputs(place, case, places):
    firsts = {name: places.get((name, id(value)), place) for name, value in case.inputs.items()}
    own = encode({name: v for name, v in case.inputs.items() if firsts[name] == place})["$dict"]
    return {"$dict": {n: own[n] if n in own else {"$of": firsts[n]} for n in case.inputs}}


def _decode_inputs(data, cases):
    """Return the inputs of a case; those of the cases before it may be named in it."""
    items = data["inputs"]["$dict"]
    shared = {
        n: item["$of"] for n, item in items.items() if isinstance(item, dict) and "$of" in item
    }
    own = decode({"$dict": {name: item for name, item in items.items() if name not in shared}})
    return {n: cases[shared[n]].inputs[n] if n in shared else own[n] for n in items}


# A multiple choice is kept without its right letter in clear, and a value without its number and
# the wrong ones near it, so that reading the file by accident tells nothing. This hides it from a
# glance, not from an effort.


def _seal(name, case):
    """Return what a case expects as an object for JSON, scrambled where it is the answer itself."""
    if case.driver != "value":
        return encode(case.expected)
    text = json.dumps(encode(case.expected))
    return choice_scramble(name, case.label, "", text.encode()).hex()


def _unseal(name, data):
    if data["driver"] != "value":
        return decode(data["expected"])
    hidden = bytes.fromhex(data["expected"])
    return decode(json.loads(choice_scramble(name, data["label"], "", hidden)))


def _seal_records(cases, misconception):
    """Return a misconception's records as an object for JSON, scrambled where it is a value."""
    records = encode(misconception.records)
    if any(case.driver != "value" for case in cases):
        return records
    return choice_scramble("", misconception.name, "", json.dumps(records).encode()).hex()


def _unseal_records(data):
    if not isinstance(data["records"], str):
        return decode(data["records"])
    hidden = bytes.fromhex(data["records"])
    return decode(json.loads(choice_scramble("", data["name"], "", hidden)))


def choice_digest(salt, name, letter):
    """Return the salted hash by which a letter is recognised."""
    return hashlib.sha256(f"{salt}:{name}:{letter}".encode()).hexdigest()[:16]


def choice_scramble(salt, name, letter, data):
    """Return bytes combined with a stream that depends on the letter; twice gives them back."""
    stream = b""
    while len(stream) < len(data):
        stream += hashlib.sha256(f"{salt}:{name}:{letter}:{len(stream)}".encode()).digest()
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _judge_choice(question, value):
    choices = question.choices
    if value is None or (isinstance(value, str) and value == ""):
        return Outcome(question, "unanswered")
    letter = value.strip().strip("().").lower() if isinstance(value, str) else ""
    digest = choice_digest(choices["salt"], question.name, letter)
    if digest not in choices["explanations"]:
        letters = ", ".join(f'"{option}"' for option in choices["letters"])
        sentence = f"The answer should be one of the letters {letters}."
        return Outcome(question, "wrong", sentence=sentence)
    hidden = bytes.fromhex(choices["explanations"][digest])
    sentence = choice_scramble(choices["salt"], question.name, letter, hidden).decode()
    right = digest == choices["right"]
    diagnosis = "" if right else f'chose "{letter}"'
    return Outcome(question, "right" if right else "wrong", {}, None, diagnosis, sentence)
