"""From a folder of downloads to what each student handed in, and which notebook of it counts."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from autograder.collecting.archives import (
    NOT_TAKEN,
    Entry,
    Folder,
    RefusedFileError,
    Room,
    Zip,
    listed,
    shown,
    unpacked,
)
from autograder.collecting.platforms import (
    DRAFT,
    EXPORT,
    MAX_METADATA,
    METADATA,
    PLATFORMS,
    Owner,
    find_owner,
    folder_of,
    from_canvas,
    from_moodle,
    from_plain,
    is_like,
    read_metadata,
)
from autograder.grading.transplant import RefusedError, read_cells

ANYBODY = "nobody knows whose it is; put it into a folder that is named after the student"
PACKED = "nobody knows whose it is; unpack it if it holds the class"
NO_METADATA = f"nobody knows whose it is without Gradescope's {METADATA}"


@dataclass(frozen=True)
class File:
    """A file of a student: where it is, its own name, and Canvas's number of it."""

    entry: Entry
    name: str
    number: int = 0


@dataclass
class Attempt:
    """What one student handed in, in one download.

    `place` are the parts of the paths above what is the student's own; `created` is when it came
    in, if the platform tells; `late` is Canvas's mark.
    """

    owner: Owner
    place: tuple
    created: datetime | None = None
    late: bool = False
    files: list = field(default_factory=list)

    @property
    def number(self):
        """Canvas's newest number."""
        return max(file.number for file in self.files)


@dataclass(frozen=True)
class Refusal:
    """A file or student that was not taken, and why."""

    name: str
    reason: str

    def __str__(self):
        return f"{shown(self.name, 160)}: {self.reason}"


@dataclass(frozen=True)
class Notebook:
    """A notebook that may be the one that counts."""

    name: str
    data: bytes = field(repr=False)
    number: int = 0
    answers: int | None = None
    exact: int = 0
    fault: str = ""

    @property
    def rank(self):
        """What is larger for the notebook that counts."""
        return (bool(self.answers), self.exact, self.number, self.answers or 0)


class Downloads:
    """The downloads of one lesson, in a `with` statement.

    Parameters
    ----------
    folder : path
    lesson : str
    bounds : Bounds
    platforms : sequence of str
        The platforms to look for.
    by : str
        What names a student of Gradescope: "email", "sid" or "name".
    """

    def __init__(self, folder, lesson, bounds, platforms=PLATFORMS, by="email"):
        self.folder, self.lesson, self.bounds = folder, lesson, bounds
        self.platforms, self.by = tuple(platforms), by
        self.refusals, self.remarks, self.attempts, self.classes = [], [], {}, set()
        self._open = None, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._close()

    def refuse(self, name, reason):
        """Note that something is not taken."""
        self.refusals.append(Refusal(name, str(reason)))

    def entries(self):
        """Return the files in the folder and in the archives of a platform in it."""
        entries = self._on_disk()
        uploads = self._uploads(entries)
        listed = []
        for entry in entries:
            is_zip = entry.name.lower().endswith(".zip") and not entry.fault
            listed += self._in_zip(entry) if is_zip and entry.parts not in uploads else [entry]
        return listed

    def _on_disk(self):
        try:
            return list(Folder(self.folder, self.bounds).entries())
        except (RefusedFileError, OSError) as error:
            self.refuse(str(self.folder), error)
            return []

    def _in_zip(self, entry):
        """Return the files in a zip file on disk, whose paths go on from its own."""
        source = _Source(self, entry)
        try:
            inside = list(self._zip(entry).entries())
        except (RefusedFileError, OSError) as error:
            self.refuse("/".join(entry.parts), error)
            return []
        return [replace(one, parts=(*entry.parts, *one.parts), source=source) for one in inside]

    def _zip(self, entry):
        """Return a zip file on disk, opened; one is open at a time."""
        if self._open[0] is not entry:
            self._close()
            file = entry.source.open(entry.key)
            try:
                self._open = entry, Zip(file, self.bounds.entries, self.bounds.ratio), file
            except BaseException:
                file.close()
                raise
        return self._open[1]

    def _close(self):
        if self._open[0] is not None:
            self._open[1].__exit__()
            self._open[2].close()
        self._open = None, None

    def _uploads(self, entries):
        """Return the archives on disk that a student made: the teacher unpacked the download."""
        roots = self._roots(entries)
        zips = [entry for entry in entries if entry.kind == "archive"]
        sure = {entry.parts for entry in zips if self._is_upload(entry, roots)}
        if "canvas" not in self.platforms:
            return sure
        decided = sure | self.classes
        rest = [e for e in entries if e.parts not in decided and from_canvas(e.parts)]
        unsure = [entry for entry in rest if entry.kind == "archive"]
        if len(unsure) < len(rest) or not all(map(self._holds_uploads, unsure)):
            return sure | {entry.parts for entry in unsure}
        return sure

    def _is_upload(self, entry, roots):
        parts = entry.parts
        within = any(parts[: len(root)] == root and len(parts) > len(root) + 1 for root in roots)
        if within or ("moodle" in self.platforms and from_moodle(parts)):
            return True
        if "plain" not in self.platforms or not from_plain(parts, self.lesson):
            return False
        found = find_owner(parts, self.lesson, self.platforms)
        if len(parts) == 1 and found.owner.platform == "plain" and self._is_class(entry, found):
            self.classes.add(parts)
            return False
        return not from_canvas(parts)

    def _is_class(self, entry, found):
        """Tell whether STUDENT_LESSON.zip holds more than one person's upload; remark on it."""
        if not entry.name.lower().endswith(".zip") or entry.fault:
            return False
        inside = self._looked_into(entry)
        names = self._names_in(inside)
        is_class = len(names) > 1 or self._is_platforms(inside)
        told = f"{shown(entry.name)} was taken for"
        own = found.owner.student
        if is_class:
            who = f" ({listed(names, 4)})" if names else ""
            self.remarks.append(f"{told} the download of a class{who}, not for the upload of {own}")
        elif names and names != [own]:
            self.remarks.append(f"{told} the upload of {own}, though it names {names[0]}")
        return is_class

    def _looked_into(self, entry):
        """Return the paths within a zip file; what is refused there is told when it is read."""
        before = len(self.refusals)
        inside = [one.parts[len(entry.parts) :] for one in self._in_zip(entry)]
        del self.refusals[before:]
        return inside

    def _names_in(self, paths):
        """Return the students whom the paths in an archive name; sibling folders name them, too."""
        owners, folders = set(), {}
        for parts in paths:
            if Entry(parts).kind not in ("notebook", "archive"):
                continue
            if found := find_owner(parts, self.lesson, self.platforms):
                owners.add(found.owner.student)
            elif is_like(parts[-1], self.lesson) and (folder := folder_of(parts, self.lesson)):
                folders.setdefault(folder[:-1], set()).add(folder[-1])
        groups = [owners, *folders.values()]
        named = [sorted(one for one in group if not DRAFT.fullmatch(one)) for group in groups]
        return max(named, key=len)

    def _is_platforms(self, paths):
        """Tell whether the paths in a zip file are those of a platform's export."""
        files = [parts for parts in paths if Entry(parts).kind in ("notebook", "archive")]
        found = [find_owner(parts, self.lesson, self.platforms) for parts in files]
        return bool(found) and (
            any("moodle" in self.platforms and from_moodle(parts[:1]) for parts in files)
            or all(one and one.owner.platform == "canvas" and not one.depth for one in found)
            or any(self._is_metadata(parts) for parts in paths)
        )

    def _is_metadata(self, parts):
        top = len(parts) == 1 or (len(parts) == 2 and EXPORT.fullmatch(parts[0]))
        return "gradescope" in self.platforms and parts[-1] == METADATA and bool(top)

    def _holds_uploads(self, entry):
        """Tell whether a zip file named like a file of Canvas is the download itself."""
        return any(
            from_canvas(inside) or from_moodle(inside) or inside[-1] == METADATA
            for inside in self._looked_into(entry)
        )

    def _roots(self, entries):
        """Return {folder: metadata} of Gradescope's exports.

        A student's own file of that name is none: the folder has Gradescope's name, and no
        notebook lies beside it.
        """
        roots = {}
        if "gradescope" not in self.platforms:
            return roots
        for entry in sorted(entries, key=lambda entry: len(entry.parts)):
            place = entry.parts[:-1]
            inside = any(place[: len(root)] == root for root in roots)
            if entry.name == METADATA and not inside and self._is_export(place, entries):
                try:
                    room = Room(self.bounds.changed({"upload_bytes": MAX_METADATA}))
                    roots[place] = read_metadata(entry.read(room))
                except RefusedFileError as refusal:
                    self.refuse("/".join(entry.parts), refusal)
        return roots

    def _is_export(self, place, entries):
        """Tell whether a folder is an export of Gradescope's."""
        if not place or place in self.classes:
            return True
        if not EXPORT.fullmatch(place[-1]) or from_moodle(place):
            return False
        beside = (e for e in entries if e.parts[0] == place[0] and e.kind != "other")
        return all(e.parts[: len(place)] == place or e.parts == place[:1] for e in beside)

    def gather(self):
        """Sort the files by student; return the attempts of each owner, in no order."""
        entries = self.entries()
        roots = self._roots(entries)
        unknown = [entry for entry in entries if not self._assign(entry, roots)]
        unknown = [entry for entry in unknown if entry.kind != "other"]
        for entry, reason in self._assign_by_folder(unknown):
            self.refuse("/".join(entry.parts), entry.fault or reason)
        owners = {}
        for attempt in self.attempts.values():
            owners.setdefault(attempt.owner, []).append(attempt)
        return owners, entries

    def _assign(self, entry, roots):
        """Give a file to its owners, if its path tells who they are."""
        for root, metadata in roots.items():
            if entry.parts[: len(root)] == root:
                return entry.name == METADATA or self._handed(entry, root, metadata)
        above = int(entry.parts[:1] in self.classes)  # a download's own name tells no owner
        found = find_owner(entry.parts[above:], self.lesson, self.platforms)
        if found:
            attempt = self._attempt(found.owner, entry.parts[: above + found.depth])
            attempt.late |= found.late
            attempt.files.append(File(entry, found.rest, found.file))
        return found is not None

    def _handed(self, entry, root, metadata):
        """Give a file in Gradescope's export to each who submitted it."""
        folder = entry.parts[len(root)]
        owners = list(metadata[folder].owners(self.by)) if folder in metadata else []
        for owner in owners:
            attempt = self._attempt(owner, (*root, folder))
            attempt.created = metadata[folder].created
            attempt.files.append(File(entry, entry.name))
        return bool(owners)

    def _attempt(self, owner, place):
        return self.attempts.setdefault((owner, place), Attempt(owner, place))

    def _assign_by_folder(self, entries):
        """Give files in folders that are named after students; yield the others, and why."""
        nobody = {(), *self.classes}
        folders = {
            folder_of(entry.parts, self.lesson)
            for entry in entries
            if entry.kind == "notebook" and is_like(entry.name, self.lesson)
        } - nobody
        folders = {f for f in folders if not any(f[:n] in folders for n in range(1, len(f)))}
        beside = {folder[:-1] for folder in folders}
        for entry in entries:
            own = [entry.parts[:n] for n in range(1, len(entry.parts))]
            folder = next((f for f in own if f in folders), folder_of(entry.parts, self.lesson))
            if entry.kind == "archive" and len(entry.parts) == 1:
                yield entry, PACKED
            elif folder in nobody or (folder not in folders and folder[:-1] not in beside):
                yield entry, ANYBODY
            elif "plain" not in self.platforms or re.fullmatch(r"submission_\d+", folder[-1]):
                yield entry, NO_METADATA
            else:
                name = re.sub(r"\.zip$", "", folder[-1], flags=re.IGNORECASE)
                attempt = self._attempt(Owner("plain", name), folder[:-1])
                attempt.files.append(File(entry, entry.name))


class _Source:
    """Where the files of a zip file on disk are read, which is opened when one is needed."""

    def __init__(self, downloads, entry):
        self.downloads, self.entry = downloads, entry

    def open(self, info):
        return self.downloads._zip(self.entry).open(info)


def notebooks_of(attempt, lesson, bounds, answers):
    """Return the notebooks in an attempt, and what was refused in it.

    Parameters
    ----------
    attempt : Attempt
    lesson : str
    bounds : Bounds
    answers : set of str
        The grade_ids of the lesson's answers; empty where they are not known.
    """
    room, notebooks, refusals = Room(bounds), [], []
    for file in attempt.files:
        for name, data, fault in _contents(file, room):
            if fault:
                refusals.append(Refusal("/".join((*file.entry.parts[:-1], name)), fault))
            else:
                number, broken = count_answers(data, answers)
                exact = _exactness(name, lesson, attempt.owner.platform)
                notebooks.append(Notebook(name, data, file.number, number, exact, broken))
    return notebooks, refusals


def _contents(file, room):
    """Yield (name, bytes, why it is refused) of the notebooks in a file."""
    if file.entry.kind == "other":
        return
    try:
        if file.entry.kind == "foreign":
            raise RefusedFileError(NOT_TAKEN)
        data = file.entry.read(room)
    except RefusedFileError as refusal:
        yield file.entry.name, b"", str(refusal)
        return
    if file.entry.kind == "notebook":
        yield file.name, data, ""
        return
    for entry, content in unpacked(file.name, data, room):
        yield "/".join(entry.parts), content, entry.fault


def _exactness(name, lesson, platform):
    """Return 2 for the lesson's name, 1 for one like it, 0 for another.

    Canvas itself adds -1, -2, … to what is handed in again.
    """
    name = name.rsplit("/", 1)[-1]
    again = re.sub(r"-\d+(?=\.ipynb$)", "", name) if platform == "canvas" else name
    if f"{lesson}.ipynb" in (name, again):
        return 2
    return int(is_like(name, lesson))


def count_answers(data, answers):
    """Return how many of a lesson's answers a notebook holds, and why it cannot be read.

    The number is None where the lesson's answers are not known.
    """
    try:
        cells = read_cells(data)
    except RefusedError as error:
        reason = str(error).removesuffix(".")
        return 0, reason[:1].lower() + reason[1:]
    names = {name for cell in cells for name in (cell.grade_id, cell.id)}
    return (len(answers & names) if answers else None), ""


def choose(notebooks, lesson, others=()):
    """Return the notebook that counts, and a remark where that is not evident.

    Parameters
    ----------
    notebooks : list of Notebook
    lesson : str
    others : sequence of str
        The names of the other lessons.

    Raises
    ------
    RefusedFileError
        If none can be it.
    """
    if not notebooks:
        raise RefusedFileError("there is no notebook in what was handed in")
    ranked = sorted(sorted(notebooks, key=lambda one: one.name), key=lambda one: one.rank)
    best, rest = ranked[-1], ranked[:-1]
    distinct = {one.data for one in rest} - {best.data}
    if not best.answers and not best.exact:
        other = next((name for name in others if is_like(best.name.rsplit("/", 1)[-1], name)), "")
        if other:
            raise RefusedFileError(f"{shown(best.name)} is another lesson, {other}")
        if distinct:
            names = listed([one.name for one in ranked], 4)
            raise RefusedFileError(f"of {len(ranked)} notebooks none is the lesson: {names}")
    return best, _remark(best, [one for one in rest if one.data in distinct], lesson)


def _remark(best, rest, lesson):
    remarks = []
    if best.exact < 2 and best.name.rsplit("/", 1)[-1] != f"{lesson}.ipynb":
        remarks.append(f"{shown(best.name)} was taken for {lesson}.ipynb")
    if best.fault:
        remarks.append(best.fault)
    elif best.answers == 0:
        remarks.append("it holds none of the lesson's answers")
    if rest:
        names = listed([one.name for one in rest], 3)
        remarks.append(f"{shown(best.name)} was taken, not {names}")
    return "; ".join(remarks)
