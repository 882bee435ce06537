"""`nbgrader zip_collect`: from the download of a learning platform to `submitted/`.

nbgrader's own command does the work, with two plugins (nbgrader_config.py names them): one sorts
the archives by student and takes one notebook of each, the other tells nbgrader whose it is and
when it came in. Of an archive nothing else reaches the disk.
"""

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import parse_utc
from traitlets import Dict, Enum, TraitError, Unicode, validate

from autograder.collecting.archives import (
    Bounds,
    RefusedFileError,
    Room,
    listed,
    parts_of,
    shown,
    unpacked,
)
from autograder.collecting.clock import OLDEST, Clock, due_date
from autograder.collecting.platforms import PLATFORMS, safe_id
from autograder.collecting.uploads import Downloads, Refusal, choose, notebooks_of
from autograder.grading.transplant import RefusedError, read_cells

LATE = timedelta(seconds=1)
TOLD = 20
RECORD, REPORT, EARLIER = "collected.json", "collected.txt", "earlier"
GONE = "collected before, not in the downloads now (delete from submitted/ who is no student)"
NO_DUE_DATE = "Canvas marks it late, the gradebook has no due date, so no penalty follows"


@dataclass(frozen=True)
class Choice:
    """The notebook that counts of one student.

    `order` is larger for a later attempt; `time` is when it came in, UTC, where that is known.
    """

    identity: str
    data: bytes
    order: tuple
    source: str
    time: datetime | None = None
    late: bool = False

    @property
    def digest(self):
        """What stands for the notebook's bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def entry(self):
        """What is kept of it for the next time."""
        known = {"identity": self.identity, "digest": self.digest, "order": list(self.order)}
        return known | {"from": self.source, "late": self.late, "time": _text(self.time)}


class ArchiveExtractor(ExtractorPlugin):
    """Take one notebook of each student out of what Canvas, Moodle or Gradescope gave."""

    bounds = Dict(
        help="Other bounds than the default ones, such as {'file_bytes': 50_000_000}: "
        "entries, upload_entries, file_bytes, upload_bytes, ratio, depth."
    ).tag(config=True)
    platform = Enum(
        ("auto", *PLATFORMS), "auto", help="What made the download, if it is not recognized."
    ).tag(config=True)
    gradescope_id = Enum(
        ("email", "sid", "name"), "email", help="What names a student of Gradescope."
    ).tag(config=True)
    students = Dict(
        help="Other student ids than those found, such as {'Ada_Lovelace': 'ada'}. "
        "For a group, a list of its members: {'Group_7': ['ada', 'ben']}."
    ).tag(config=True)
    timezone = Unicode(
        "",
        help="The time zone of the times in a zip file, such as Europe/Berlin; by default that "
        "of this computer.",
    ).tag(config=True)
    entry_times = Enum(
        ("auto", "use", "ignore"),
        "auto",
        help="Whether the times in a zip file tell when something was handed in. Canvas and new "
        "versions of Moodle write when the file was packed; 'auto' takes times that are spread.",
    ).tag(config=True)

    def __init__(self, **settings):
        try:
            super().__init__(**settings)
        except TraitError as error:
            if settings.get("parent") is None:
                raise
            settings["parent"].fail(f"{type(self).__name__}: {error}")
        self.taken, self.refusals, self.remarks, self.record = {}, [], [], {}
        self.counts, self.platforms, self.orders = Counter(), Counter(), {}
        self.home, self.found = None, set()
        self._check_lesson()

    @validate("bounds")
    def _valid_bounds(self, proposal):
        try:
            Bounds().changed(proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from None
        return proposal["value"]

    @validate("timezone")
    def _valid_timezone(self, proposal):
        name = proposal["value"]
        try:
            return name and ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            raise TraitError(f"there is no time zone {name!r}; one is Europe/Berlin") from None

    @property
    def lesson(self):
        """The lesson that is collected."""
        return self.parent.coursedir.assignment_id

    def _check_lesson(self):
        """End the command where there are lessons, and none of this name."""
        course = self.parent and self.parent.coursedir
        if not course or self._release.exists() or not self._others():
            return
        if not Path(course.format_path(course.source_directory, ".", self.lesson)).exists():
            known = ", ".join(self._others())
            self.parent.fail(f"There is no lesson {self.lesson!r}; the lessons are {known}")

    @property
    def _release(self):
        course = self.parent.coursedir
        return Path(course.format_path(course.release_directory, ".", self.lesson))

    def _others(self):
        """Return the names of the other lessons that are released."""
        found = (path for path in self._release.parent.glob("[!.]*") if path.is_dir())
        return sorted(path.name for path in found if path.name != self.lesson)

    def _limits(self):
        return Bounds().changed(self.bounds)

    def extract(self, archive_path, extracted_path):
        """Write the notebooks that are new to `extracted_path`, as STUDENT/LESSON.ipynb."""
        self.home = Path(archive_path).parent
        platforms = PLATFORMS if self.platform == "auto" else (self.platform,)
        bounds = self._limits()
        with Downloads(archive_path, self.lesson, bounds, platforms, self.gradescope_id) as found:
            if self.parent.collector_plugin_inst.named_regexp:
                self._extract_all(found, Path(extracted_path))
            else:
                self._collect(found, Path(extracted_path))
            self.remarks += found.remarks
            self.refusals = list(dict.fromkeys(found.refusals + self.refusals))

    def _extract_all(self, downloads, extracted):
        """Write every notebook under its own path: a pattern tells nbgrader whose it is."""
        endings = tuple(self.parent.collector_plugin_inst.valid_ext)
        for entry in downloads.entries():
            for parts, data, fault in _flattened(entry, endings, Room(downloads.bounds)):
                path = extracted.joinpath(*(re.sub('[<>:"|?*]', "_", part) for part in parts))
                if fault or path.exists():
                    downloads.refuse("/".join(parts), fault or "two files have this name")
                    continue
                try:
                    _write(path, data)
                except OSError as error:
                    downloads.refuse("/".join(parts), error.strerror)

    def _collect(self, downloads, extracted):
        """Choose one notebook of each student, and write those that are new."""
        self.record = self._read_record()
        owners, entries = downloads.gather()
        clock = Clock(entries, self.timezone, self.entry_times)
        answers, others = self._lessons()
        names = student_ids(owners, self.record)
        for owner in sorted(owners, key=lambda one: owners[one][0].place):
            student, attempts = names[owner], owners[owner]
            self.found.update(self._wanted(student))
            if student != owner.student:
                self.remarks.append(f"{student}: another student is named {owner.student}, too")
            try:
                choice = self._choice(student, attempts, clock, (answers, others))
                for wanted in self._wanted(student) if choice else ():
                    self._take(wanted, choice, extracted)
            except Exception as error:  # one student does not stop the class
                self.log.debug("%s", student, exc_info=True)
                self.refusals.append(Refusal(student, f"{type(error).__name__}: {error}"))

    def _wanted(self, student):
        """Return the student ids that the teacher wants for one that was found."""
        wanted = self.students.get(student, student)
        return [safe_id(str(one)) for one in ([wanted] if isinstance(wanted, str) else wanted)]

    def _choice(self, student, attempts, clock, lessons):
        """Return what counts of a student's attempts: the latest from which a notebook comes."""
        answers, others = lessons
        ordered = sorted(attempts, key=clock.order, reverse=True)
        for attempt in ordered:
            notebooks, refusals = notebooks_of(attempt, self.lesson, self._limits(), answers)
            self.refusals += refusals
            try:
                best, remark = choose(notebooks, self.lesson, others)
            except RefusedFileError as refusal:
                if notebooks or not refusals:
                    place = "/".join(attempt.files[0].entry.parts)
                    self.refusals.append(Refusal(f"{student} ({place})", str(refusal)))
                continue
            if remark:
                self.remarks.append(f"{student}: {remark}")
            if attempt is not ordered[0]:
                self.remarks.append(f"{student}: an earlier submission than the last was taken")
            source = "/".join((*attempt.place, best.name))
            known = attempt.owner.identity, best.data, clock.order(attempt), source
            return Choice(*known, self._time(student, attempt, clock), attempt.late)
        return None

    def _time(self, student, attempt, clock):
        """Return when an attempt came in; Canvas's mark decides whether that was late."""
        time = clock.time(attempt)
        if attempt.owner.platform != "canvas" or (time is None and not attempt.late):
            return time
        due = self.due_date
        if attempt.late:
            self.remarks.append(f"{student}: {'marked late by Canvas' if due else NO_DUE_DATE}")
            return max(time or OLDEST, due + LATE) if due else time
        return min(time, due) if due else time

    @cached_property
    def due_date(self):
        """The lesson's due date in the gradebook, UTC, or None."""
        try:
            return due_date(self.parent.coursedir.db_url, self.lesson)
        except Exception as error:  # whatever keeps a database from being read
            self.remarks.append(f"the gradebook cannot be read: {shown(str(error))}")
            return None

    def _lessons(self):
        """Return the grade_ids of the lesson's answers, and the names of the other lessons."""
        others = self._others()
        try:
            cells = read_cells((self._release / f"{self.lesson}.ipynb").read_bytes())
        except (OSError, RefusedError):
            known = f"; the lessons are {', '.join(others)}" if others else ""
            self.remarks.append(f"there is no release of a lesson {self.lesson}{known}")
            return set(), others
        return {cell.grade_id for cell in cells if cell.settings.get("solution")} - {""}, others

    def _submitted(self, student):
        course = self.parent.coursedir
        return Path(course.format_path(course.submitted_directory, student, self.lesson))

    def _take(self, student, choice, extracted):
        """Hand a notebook on to nbgrader, unless it is there or an earlier one than that."""
        folder, known = self._submitted(student), self.record.get(student, {})
        if student in self.orders:
            self.remarks.append(f"{student}: two are to have this name; the later one was taken")
            if choice.order < self.orders[student]:
                return
        self.orders[student] = choice.order
        fate = self._fate(folder, choice, known)
        self.counts[fate] += 1
        self.platforms[choice.identity.split(":")[0]] += 1
        if fate in ("older", "edited"):
            self.remarks.append(f"{student}: {FATES[fate]}")
            return
        if fate == "same":
            self._set_timestamp(folder, choice, known)
            self.record[student] = choice.entry
            return
        _write(extracted / student / f"{self.lesson}.ipynb", choice.data)
        if os.path.lexists(folder):
            self._keep(folder, student)
        self.taken[student] = choice.time, choice.entry

    def _set_timestamp(self, folder, choice, known):
        """Write the time anew where it changed, such as by a due date; not over a teacher's."""
        there, wanted = _timestamp(folder), _text(choice.time)
        if there == wanted or there != known.get("time"):
            return
        if wanted:
            _write(folder / "timestamp.txt", wanted.encode())
        else:
            (folder / "timestamp.txt").unlink(missing_ok=True)

    def _fate(self, folder, choice, known):
        """Return what is to become of a notebook: a key of `FATES`."""
        there = _digest(folder / f"{self.lesson}.ipynb")
        if not there:
            return "new"
        if there == choice.digest:
            return "same"
        if not known or self.force:
            return "newer"
        if known.get("digest") == choice.digest:
            return "edited"
        return "older" if tuple(known.get("order", ())) > choice.order else "newer"

    def _keep(self, folder, student):
        """Move what was collected before aside; nothing is deleted."""
        place = self.home / EARLIER / student
        place.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(p.name) for p in place.iterdir() if p.name.isdigit()), default=0)
        shutil.move(folder, place / str(number))

    def _read_record(self):
        try:
            record = json.loads((self.home / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        entries = record.items() if isinstance(record, dict) else ()
        return {name: entry for name, entry in entries if isinstance(entry, dict)}

    def finish(self):
        """Keep the record of what was collected, and tell what was not."""
        if self.home is None:
            archive = self.parent._format_collect_path(self.parent.archive_directory)
            self.log.warning("Put what your platform lets you download into %s", archive)
            return
        for student, (_, entry) in self.taken.items():
            path = self._submitted(student) / f"{self.lesson}.ipynb"
            if _digest(path) == entry["digest"]:
                self.record[student] = entry
            else:
                path.unlink(missing_ok=True)
                self.refusals.append(Refusal(student, "it could not be copied; collect again"))
        lines = self._lines()
        text = json.dumps(self.record, indent=1, sort_keys=True, ensure_ascii=False)
        _write(self.home / RECORD, text.encode("utf-8", "replace"))
        _write(self.home / REPORT, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
        self._tell(lines)

    def _lines(self):
        students = sum(self.counts.values())
        counts = [f"{n} {FATES[fate]}" for fate, n in sorted(self.counts.items())]
        platforms = ", ".join(f"{n} {name}" for name, n in sorted(self.platforms.items()))
        head = f"{self.lesson}: {students} submissions found"
        head += f" ({platforms})" if platforms else ""
        return [
            head + (": " + ", ".join(counts) if counts else ""),
            *(f"remark: {remark}" for remark in sorted(self.remarks)),
            *(f"refused: {refusal}" for refusal in self.refusals),
            *self._gone(),
        ]

    def _gone(self):
        """Yield the line on those whose download is no longer there; they stay."""
        names = sorted(
            student
            for student in self.record.keys() - self.found
            if (self._submitted(student) / f"{self.lesson}.ipynb").exists()
        )
        if names:
            yield f"{GONE}: {listed(names, TOLD)}"

    def _tell(self, lines):
        """Print the end of the report: what was refused, and where the rest is."""
        self.log.info(lines[0])
        remarks = [line for line in lines[1:] if line.startswith("remark")]
        refused = [line for line in lines[1:] if line.startswith("refused")]
        for line in remarks[:TOLD]:
            self.log.info(line)
        if len(remarks) > TOLD:
            self.log.info("and %d more remarks", len(remarks) - TOLD)
        for line in lines[1 + len(remarks) :]:
            self.log.warning(line)
        if remarks or refused:
            counts = f"refused: {len(refused)}, remarks: {len(remarks)}"
            self.log.warning("%s; all of them in %s", counts, self.home / REPORT)


FATES = {
    "new": "new",
    "same": "as collected before",
    "newer": "newer than before, the earlier one is kept",
    "older": "older than the submission that is there, which was kept",
    "edited": "changed by hand since it was collected, which was kept (--force takes it anew)",
}


class PlatformCollector(FileNameCollectorPlugin):
    """Tell nbgrader whose a notebook is, and when it came in.

    With `named_regexp` set, that pattern decides as in nbgrader; the student id it gives is made
    a safe name for a folder.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen = set()
        if self.parent is None:
            return
        if not self.named_regexp:
            self.parent.force = True  # clear what was extracted last time; see _keep for the rest
        process = self.parent.process_extracted_files

        def process_and_report():
            try:
                with self._quieter():
                    process()
            finally:
                self.parent.extractor_plugin_inst.finish()

        self.parent.process_extracted_files = process_and_report

    @contextlib.contextmanager
    def _quieter(self):
        """Hold back nbgrader's three lines on each student, unless it is asked for everything."""
        log, everything = self.parent.log, (logging.DEBUG, "DEBUG")
        level = log.level
        if not self.named_regexp and self.parent.log_level not in everything:
            log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)

    def collect(self, submitted_file):
        """Return what nbgrader wants to know of a file, or None if it is not collected."""
        if self.named_regexp:
            return self._collect_named(submitted_file)
        student = unicodedata.normalize("NFC", Path(submitted_file).parent.name)
        taken = self.parent.extractor_plugin_inst.taken
        if student not in taken:
            return None
        lesson, time = self.parent.coursedir.assignment_id, taken[student][0]
        return {"student_id": student, "file_id": lesson, "timestamp": time}

    def _collect_named(self, submitted_file):
        found = super().collect(submitted_file)
        if not found:
            return None
        student, file = found.get("student_id"), found.get("file_id")
        fault = _named_fault(student, file)
        if not fault and not found.get("timestamp"):
            fault = "a second file of this student" if (student, file) in self.seen else ""
            self.seen.add((student, file))
        if fault:
            refusals = self.parent.extractor_plugin_inst.refusals
            refusals.append(Refusal(submitted_file, fault))
            return None
        return found | {"student_id": safe_id(student), "timestamp": _moment(found)}


def _named_fault(student, file):
    if not isinstance(student, str) or not isinstance(file, str):
        return "the pattern found no student_id or no file_id"
    return parts_of(file)[1]


def _moment(found):
    try:
        return parse_utc(found.get("timestamp") or None)
    except (ValueError, OverflowError):
        return None


def student_ids(owners, record):
    """Return {owner: student id}; no two owners get the same one, in upper or lower case.

    A student keeps the id that the record of the last time gives to the same identity; else each
    of several students of one name gets the platform's number behind it.
    """
    kept = {entry.get("identity"): name for name, entry in record.items()}
    used = {name.casefold(): entry.get("identity") for name, entry in record.items()}
    wanted = {}
    for owner in owners:
        wanted.setdefault(owner.student.casefold(), []).append(owner)
    names = {}
    for same in wanted.values():
        for owner in same:
            name = owner.student
            holder = used.get(name.casefold(), owner.identity)
            if owner.identity in kept and kept[owner.identity] in (name, owner.numbered):
                name = kept[owner.identity]
            elif len(same) > 1 or holder != owner.identity:
                name = owner.numbered
            names[owner] = name
    return names


def _flattened(entry, endings, room):
    """Yield (parts, bytes, fault) of the files in a file, each archive as a folder."""
    folder = tuple(_stem(part) for part in entry.parts[:-1])
    if entry.kind == "archive":
        try:
            data = entry.read(room)
        except RefusedFileError as refusal:
            yield entry.parts, b"", str(refusal)
            return
        for inside, content in unpacked(_stem(entry.name), data, room):
            parts = tuple(_stem(part) for part in "/".join(inside.parts).split("/"))
            yield (*folder, *parts), content, inside.fault
    elif entry.name.endswith(endings):
        try:
            yield (*folder, entry.name), entry.read(room), ""
        except RefusedFileError as refusal:
            yield (*folder, entry.name), b"", str(refusal)


def _stem(part):
    """Return the folder that nbgrader unpacks an archive to."""
    stem, dot, ending = part.rpartition(".")
    return stem.removesuffix(".tar") if dot and ending.lower() in ("zip", "gz", "tar") else part


def _digest(path):
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


def _timestamp(folder):
    with contextlib.suppress(OSError, ValueError):
        return (folder / "timestamp.txt").read_text(encoding="utf-8").strip() or None
    return None


def _text(time):
    return None if time is None else time.isoformat(" ")


def _write(path, data):
    """Write a file in one step: whoever stops it leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    try:
        half.write_bytes(data)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
