"""Whose file it is: how Canvas, Moodle and Gradescope name what a teacher downloads from them."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import yaml

from autograder.collecting.archives import ARCHIVE, NOTEBOOK, RefusedFileError

METADATA = "submission_metadata.yml"
MAX_METADATA = 200_000_000
MAX_LEVELS = 60
MAX_ID = 80
PLATFORMS = ("canvas", "moodle", "gradescope", "plain")
# lastfirst[_LATE]_user_file_name. Canvas takes everything but letters, digits and _ out of names.
CANVAS = re.compile(r"(?P<name>\w*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)")
ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<user>\w+?)_(?P<file>\d+)_(?P<rest>.+)")
CANVAS_TEXT = re.compile(
    r"(?P<name>\w*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<rest>(text|link)\.html)"
)
# Full name_number_assignsubmission_file[_], a folder or the start of a name. Moodle takes _ out
# of names, and a group without a number is the one of those who are in no group.
MOODLE = re.compile(
    r"(?P<name>[^_]*)(_(?P<user>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(_(?P<rest>.*))?"
)
EXPORT = re.compile(r"assignment_\d+_export(\.zip)?([ _-]*\(?\d+\)?)?(\.zip)?")
# What people and programs add to a name: "(2)", "-Copy1", "_final", "-1".
ADDED = re.compile(
    r"([\s_.-]*(\(\d+\)|copy\s*\d*|kopie|v?\d{1,3}|final|solved|solution|submission|checkpoint))+",
    re.IGNORECASE,
)
# What is written before a lesson's name, or over a folder, and is nobody's name.
DRAFT = re.compile(
    r"(my|old|new|backup|draft|final|copy( of)?|version|v|solutions?|\d)[\s_.-]*\d*",
    re.IGNORECASE,
)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # on Windows


@dataclass(frozen=True)
class Owner:
    """A student, or a group, as a platform names them: `number` tells namesakes apart."""

    platform: str
    name: str
    number: str = ""

    @property
    def identity(self):
        """What is the same in every download of one lesson."""
        return f"{self.platform}:{self.name.casefold()}:{self.number}"

    @property
    def student(self):
        """The student id that is wanted.

        Moodle's number is another one in each lesson, so the name alone has to do.
        """
        parts = (self.name, self.number) if self.platform == "canvas" else (self.name,)
        return safe_id("_".join(part for part in parts if part))

    @property
    def numbered(self):
        """The student id where another student has that one."""
        return safe_id(f"{self.name}_{self.number or digest_of(self.identity)}")


@dataclass(frozen=True)
class Found:
    """What a path tells: whose it is, at which of its parts, and the file's own name.

    `file` and `late` are Canvas's number of the file, which grows, and its mark.
    """

    owner: Owner
    depth: int
    rest: str
    file: int = 0
    late: bool = False


def find_owner(parts, lesson, platforms=PLATFORMS):
    """Return what the path of a file tells, or None.

    Moodle's mark is looked for first, from the outermost part inwards: a student chooses the
    names further in.

    >>> find_owner(("Ada Lovelace_17_assignsubmission_file", "l.ipynb"), "l").owner.student
    'Ada_Lovelace'
    >>> find_owner(("lovelaceada_LATE_12_345_l-1.ipynb",), "l").rest
    'l-1.ipynb'
    """
    canvas = from_canvas(parts) if "canvas" in platforms else None
    if canvas and is_like(ARCHIVE.sub("", canvas.rest), lesson):
        plain = None
    else:
        plain = from_plain(parts, lesson) if "plain" in platforms else None
    moodle = from_moodle(parts) if "moodle" in platforms else None
    return moodle or plain or canvas


def from_moodle(parts):
    """Return what a path tells if Moodle made the name of a folder or file in it, or None."""
    for depth, part in enumerate(parts):
        if match := MOODLE.fullmatch(part):
            owner = Owner("moodle", match["name"].strip(), match["user"] or "")
            rest = match["rest"] if depth == len(parts) - 1 else ""
            return Found(owner, depth, rest or parts[-1])
    return None


def from_canvas(parts):
    """Return what a path tells if Canvas made the name of the file, or None."""
    for pattern in (ANONYMOUS, CANVAS, CANVAS_TEXT):
        if match := pattern.fullmatch(parts[-1]):
            known = match.groupdict()
            number = int(known["file"][:18]) if "file" in known else 0
            owner = Owner("canvas", known["name"], known["user"])
            return Found(owner, len(parts) - 1, known["rest"], number, bool(known["late"]))
    return None


def from_plain(parts, lesson):
    """Return what STUDENT_LESSON.ipynb tells, a file's, folder's or archive's name, or None.

    >>> from_plain(("class.zip", "ada_l1.ipynb"), "l1").owner.student
    'ada'
    """
    pattern = re.compile(rf"(?P<student>.+?)[_ -]{re.escape(lesson)}(\.\w{{1,5}})*", re.IGNORECASE)
    for depth, part in enumerate(parts):
        if match := pattern.fullmatch(part):
            rest = part.removeprefix(match["student"])[1:] if depth == len(parts) - 1 else ""
            return Found(Owner("plain", match["student"]), depth, rest or parts[-1])
    return None


def folder_of(parts, lesson):
    """Return the folder that names a student in STUDENT/LESSON.ipynb, as parts, or ().

    Folders of the lesson's name are passed over, and an archive counts where there is no folder.
    """
    folders = list(parts[:-1])
    while folders and folders[-1].casefold() == lesson.casefold():
        folders.pop()
    while len(folders) > 1 and folders[-1].lower().endswith(".zip"):
        folders.pop()
    return tuple(folders)


def is_like(name, lesson):
    """Tell whether a file's name is the lesson's, but for what people and programs add.

    >>> is_like("01_L1 (2).ipynb", "01_l1"), is_like("02_l1.ipynb", "01_l1")
    (True, False)
    """
    stem, lesson = NOTEBOOK.sub("", name).strip().casefold(), lesson.casefold()
    added = stem.removeprefix(lesson)
    return stem == lesson or (added != stem and bool(ADDED.fullmatch(added)))


def safe_id(text):
    """Return a student id that can name a folder on every system.

    Letters and digits of any script are kept, and `-._@+`; spaces become `_`.

    >>> safe_id("Jörg  Müller"), safe_id("../../etc"), safe_id("a:b/c"), safe_id("NUL")
    ('Jörg_Müller', 'etc', 'a-b-c', 'NUL_')
    """
    wanted = re.sub(r"\s+", "_", unicodedata.normalize("NFC", text).strip())
    wanted = re.sub(r"[^\w.@+-]+", "-", wanted).strip(".-_")
    text = wanted or f"student-{digest_of(text)}"
    if len(text) > MAX_ID or len(text.encode()) > 2 * MAX_ID:
        short = text.encode()[:MAX_ID].decode("utf-8", "ignore")
        text = f"{short}-{digest_of(text)}"
    return f"{text}_" if RESERVED.match(text) else text


def digest_of(text):
    """Return eight hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


@dataclass(frozen=True)
class Handed:
    """A submission in Gradescope's metadata: by whom, each as a dict of text, and when."""

    submitters: tuple
    created: datetime | None

    def owners(self, by):
        """Return its owners, named by "email", "sid" or "name", or by what there is."""
        for submitter in self.submitters:
            names = (submitter.get(key, "").strip() for key in (by, "email", "sid", "name"))
            name = next((name for name in names if name and name != "~"), "")
            if name:
                yield Owner("gradescope", name.lower() if "@" in name else name)


def read_metadata(data):
    """Return the submissions in Gradescope's `submission_metadata.yml`, by folder.

    Only events of the YAML are read and every scalar is text: no tag makes an object, an alias
    copies nothing, and the depth is bounded. The keys are Ruby's symbols, such as `:created_at`.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        tree = _tree(yaml.parse(data, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RefusedFileError(f"it is no YAML that can be read ({type(error).__name__})") from None
    if not isinstance(tree, dict):
        raise RefusedFileError("it is no YAML of Gradescope's")
    return {name: _handed(entry) for name, entry in tree.items() if isinstance(entry, dict)}


def _handed(entry):
    submitters = entry.get(":submitters")
    people = [one for one in submitters if isinstance(one, dict)] if submitters else []
    texts = (
        {key.strip(":"): value for key, value in one.items() if isinstance(value, str)}
        for one in people
    )
    return Handed(tuple(texts), _moment(entry.get(":created_at")))


def _moment(value):
    """Return a time as Ruby writes it, such as 2024-05-01 12:30:00.123456789 Z."""
    if isinstance(value, dict):  # an object with a time zone
        value = value.get("utc") or value.get("time")
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
        value.strip() if isinstance(value, str) else "",
    )
    if not match:
        return None
    day, time, part, zone = match.groups()
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone
    try:
        return datetime.fromisoformat(f"{day}T{time}{(part or '')[:7]}{zone}")
    except ValueError:
        return None


def _tree(events):
    """Return the YAML's first document as dicts, lists and text."""
    root = []
    open_ones, keys = [root], [None]
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            open_ones.pop()
            keys.pop()
            continue
        if isinstance(event, yaml.DocumentEndEvent):
            break
        if not isinstance(event, yaml.NodeEvent):
            continue
        value = _value(event)
        _put(open_ones[-1], keys, value)
        if isinstance(value, (dict, list)):
            open_ones.append(value)
            keys.append(None)
        if len(open_ones) > MAX_LEVELS:
            raise ValueError("too deep")
    return root[0] if root else None


def _value(event):
    if isinstance(event, yaml.MappingStartEvent):
        return {}
    if isinstance(event, yaml.SequenceStartEvent):
        return []
    return event.value if isinstance(event, yaml.ScalarEvent) else ""


def _put(into, keys, value):
    """Add a value to the list or dict that is open; in a dict every other value is a key."""
    if isinstance(into, list):
        into.append(value)
    elif keys[-1] is None:
        keys[-1] = value if isinstance(value, str) else "?"
    else:
        into[keys[-1]] = value
        keys[-1] = None
