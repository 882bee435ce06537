"""`nbgrader zip_collect`: the downloads of Canvas, Moodle and Gradescope, and attacks in them."""

import contextlib
import gzip
import io
import json
import os
import random
import re
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import warnings
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.collecting import returning
from autograder.collecting.archives import Bounds, Entry, Folder, RefusedFileError, Room, unpacked
from autograder.collecting.clock import Clock
from autograder.collecting.platforms import (
    Owner,
    find_owner,
    from_canvas,
    is_like,
    read_metadata,
    safe_id,
)
from autograder.collecting.uploads import Attempt, File
from autograder.grading import grade
from autograder.grading.grade import find_submissions
from autograder.grading.gradebook import Book, read_timestamp
from autograder.grading.submission import grade_submission
from autograder.sandbox.workshop import Workshop
from tests.toy import LESSON, RIGHT, answered, file_of, material, release, write_course

ROOT = Path(__file__).parent.parent
NAME = f"{LESSON}.ipynb"
ADA = file_of(answered(**RIGHT))
BEN = file_of(answered(half=RIGHT["half"]))
EVE = file_of(answered(pick=RIGHT["pick"]))
ZEROS = bytes(30_000_000)


@pytest.fixture
def course(tmp_path):
    """A course of the toy lesson, with this course's settings and an empty archive folder."""
    root = write_course(tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    archive_of(root).mkdir(parents=True)
    return root


def archive_of(course):
    return course / "grading" / "downloaded" / LESSON / "archive"


def collect(course, *words):
    """Run nbgrader's own command; return the report."""
    from nbgrader.apps import ZipCollectApp

    paths = list(sys.path)
    app = ZipCollectApp()
    with warnings.catch_warnings(), contextlib.chdir(course):
        warnings.simplefilter("ignore", DeprecationWarning)
        app.initialize([LESSON, "--log-level=ERROR", *words])
        app.start()
    sys.path[:] = paths
    assert not list(course.rglob("*.part"))
    report = archive_of(course).parent / "collected.txt"
    return report.read_text(encoding="utf-8") if report.exists() else ""


def submitted(course):
    """Return {student: bytes}; nothing but notebooks and timestamps was written."""
    files = [path for path in (course / "grading" / "submitted").rglob("*") if path.is_file()]
    assert {path.name for path in files} <= {NAME, "timestamp.txt"}
    assert {path.parent.name for path in files} <= {LESSON}
    return {p.parent.parent.name: p.read_bytes() for p in files if p.name == NAME}


def timestamp(course, student):
    return read_timestamp(course / "grading" / "submitted" / student / LESSON)


def zipped(files, times=None):
    """Return the bytes of a zip file; a name may be a ZipInfo."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, quiet():
        for name, data in files.items() if isinstance(files, dict) else files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.date_time = (times or {}).get(name, (2024, 5, 2, 9, 0, 0))
            archive.writestr(info, data)
    return buffer.getvalue()


@contextlib.contextmanager
def quiet():
    """Silence `zipfile` on the duplicate names that are meant here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def put(course, name, data):
    path = archive_of(course) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def metadata(**submissions):
    """Return Gradescope's YAML; a submission is (emails, time)."""
    lines = []
    for folder, (emails, time) in submissions.items():
        lines += [f"{folder}:", "  :submitters:"]
        for number, email in enumerate(emails):
            lines += [f"  - :name: Student {number}", "    :sid: '0123'", f"    :email: {email}"]
        lines += [f"  :created_at: {time}", "  :score: 2.0", "  :history: []"]
    return "\n".join(["---", *lines, ""]).encode()


GRADESCOPE = {
    "assignment_77_export/submission_metadata.yml": metadata(
        submission_1=(["ada@uni.edu"], "2024-05-01 08:00:00.500000000 Z"),
        submission_2=(["ben@uni.edu", "cyd@uni.edu"], "2024-05-01 12:30:00.000000000 +02:00"),
        submission_3=(["Ada@uni.edu"], "2024-05-01 09:00:00.000000000 Z"),
    ),
    f"assignment_77_export/submission_1/{NAME}": BEN,
    f"assignment_77_export/submission_2/{NAME}": BEN,
    f"assignment_77_export/submission_3/work/{NAME}": ADA,
    "assignment_77_export/submission_3/submission_metadata.yml": b"ben: no",
}
CANVAS = {
    f"lovelaceada_11_501_{LESSON}-2.ipynb": ADA,
    f"obrienben_LATE_12_502_{NAME}": BEN,
    "müllercyd_13_503_my work (1).ipynb": ADA,
    "dudeedan_14_text.html": b"<p>I have no notebook</p>",
}
MOODLE = {
    f"Ada Lovelace_901_assignsubmission_file_/{NAME}": ADA,
    "Ada Lovelace_901_assignsubmission_onlinetext_/onlinetext.html": b"<p>Hello</p>",
    f"Jörg Müller-Lüdenscheidt_902_assignsubmission_file/{LESSON} (2).ipynb": BEN,
    f"Cyd O'Neil_903_assignsubmission_file/sub/{LESSON}-Copy1.ipynb": ADA,
    "Cyd O'Neil_903_assignsubmission_file/data.csv": b"1,2",
}
MOODLE_FLAT = {
    f"Ada Lovelace_901_assignsubmission_file_{NAME}": ADA,
    "Ada Lovelace_901_assignsubmission_file_notes.ipynb": b"{}",
    "Jörg Müller-Lüdenscheidt_902_assignsubmission_file_work_1_2_x.ipynb": BEN,
    "Cyd O'Neil_903_assignsubmission_onlinetext_onlinetext.html": b"<p></p>",
}
PLATFORMS = {
    "canvas": (
        CANVAS,
        {"lovelaceada_11": ADA, "obrienben_12": BEN, "müllercyd_13": ADA},
    ),
    "moodle": (
        MOODLE,
        {"Ada_Lovelace": ADA, "Jörg_Müller-Lüdenscheidt": BEN, "Cyd_O-Neil": ADA},
    ),
    "moodle_flat": (MOODLE_FLAT, {"Ada_Lovelace": ADA, "Jörg_Müller-Lüdenscheidt": BEN}),
    "gradescope": (GRADESCOPE, {"ada@uni.edu": ADA, "ben@uni.edu": BEN, "cyd@uni.edu": BEN}),
    "plain": (
        {f"class/ada/{NAME}": ADA, f"class/ben/{LESSON}/{NAME}": BEN, "class/cyd/work.ipynb": ADA},
        {"ada": ADA, "ben": BEN, "cyd": ADA},
    ),
    "plain_flat": ({f"ada_{NAME}": ADA, f"jones_7_{NAME}": BEN}, {"ada": ADA, "jones_7": BEN}),
}


@pytest.mark.parametrize("layout", ["zip", "folder", "loose"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_download_is_sorted_by_student(course, platform, layout):
    files, wanted = PLATFORMS[platform]
    if layout == "zip":
        name = "class.zip" if "plain" in platform else "ml_101_2024_lesson submissions.zip"
        put(course, name, zipped(files))
    for name, data in files.items() if layout != "zip" else ():
        put(course, f"download/{name}" if layout == "folder" else name, data)
    report = collect(course)
    assert submitted(course) == wanted
    assert "dan" not in report or "no notebook" in report


def test_what_was_renamed_is_told(course):
    put(course, "x.zip", zipped(MOODLE))
    report = collect(course)
    assert f"Jörg_Müller-Lüdenscheidt: {LESSON} (2).ipynb was taken for {NAME}" in report
    assert "Ada" not in report
    assert report.startswith(f"{LESSON}: 3 submissions found (3 moodle): 3 new")


def test_gradescope_tells_the_time_exactly_and_the_latest_submission_counts(course):
    put(course, "assignment_77_export.zip", zipped(GRADESCOPE))
    collect(course)
    assert timestamp(course, "ada@uni.edu") == datetime(2024, 5, 1, 9)
    assert timestamp(course, "cyd@uni.edu") == datetime(2024, 5, 1, 10, 30)


def test_gradescope_without_its_metadata_is_refused(course):
    put(course, f"assignment_77_export/submission_1/{NAME}", ADA)
    assert "without Gradescope's submission_metadata.yml" in collect(course)
    assert submitted(course) == {}


def test_gradescope_can_name_students_otherwise(course):
    put(course, "x.zip", zipped(GRADESCOPE))
    collect(course, "--ArchiveExtractor.gradescope_id=name")
    assert set(submitted(course)) == {"Student_0", "Student_1"}


def test_metadata_makes_no_objects_and_takes_rubys_times():
    text = b"""
submission_1:
  :submitters:
  - :email: ada@uni.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2024-05-01 08:00:00.123456789 Z
    zone: &1 !ruby/object:ActiveSupport::TimeZone {name: Etc/UTC}
    time: *1
submission_2: !!python/object/apply:os.system ["touch owned"]
submission_3: {':submitters': !!python/name:os.system , ':created_at': 2024-13-01}
"""
    found = read_metadata(text)
    assert found["submission_1"].created == datetime(2024, 5, 1, 8, 0, 0, 123456, UTC)
    assert list(found) == ["submission_1", "submission_3"]
    assert not Path("owned").exists()
    assert found["submission_3"].created is None


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b"{" * 500, b"a: b: c", b"\xff\xfe\x00", b"&a *a"]
)
def test_broken_metadata_is_refused(text):
    with pytest.raises(RefusedFileError, match="no YAML"):
        read_metadata(text)


def test_the_export_of_a_student_is_no_export(course):
    forged = metadata(submission_1=(["ada"], "2030-01-01 00:00:00 Z"))
    files = {
        f"class/ada/{NAME}": ADA,
        f"class/eve/{NAME}": EVE,
        "class/eve/assignment_1_export/submission_metadata.yml": forged,
        f"class/eve/assignment_1_export/submission_1/{NAME}": EVE,
    }
    put(course, "x.zip", zipped(files))
    collect(course)
    assert submitted(course) == {"ada": ADA, "eve": EVE}


@pytest.mark.parametrize(
    ("name", "student", "rest"),
    [
        ("lovelaceada_11_501_90_toy.ipynb", "lovelaceada_11", "90_toy.ipynb"),
        ("van_der_berg_LATE_11_501_a_b.ipynb", "van_der_berg_11", "a_b.ipynb"),
        ("LATE_anon_x7Zq_501_a.ipynb", "anon_x7Zq", "a.ipynb"),
        ("anon_x7Zq_501_12_a.ipynb", "anon_x7Zq", "12_a.ipynb"),
        ("李小龙_11_501_a.ipynb", "李小龙_11", "a.ipynb"),
        ("ada_LATE_12_text.html", "ada_12", "text.html"),
    ],
)
def test_canvas_names(name, student, rest):
    found = from_canvas(("x.zip", name))
    assert (found.owner.student, found.rest) == (student, rest)
    assert found.late == ("LATE" in name)


@pytest.mark.parametrize("name", ["a.ipynb", "a_1_b.ipynb", "a b_1_2_c.ipynb", "a-b_1_2_c.ipynb"])
def test_names_that_are_not_of_canvas(name):
    assert from_canvas((name,)) is None


def test_a_student_cannot_name_a_file_for_another():
    evil = f"Eve_1_assignsubmission_file_Ada_2_assignsubmission_file_{NAME}"
    assert find_owner((evil,), LESSON).owner == Owner("moodle", "Eve", "1")
    inside = ("Eve_1_assignsubmission_file", "Ada_2_assignsubmission_file", f"ada_{NAME}")
    assert find_owner(inside, LESSON).owner == Owner("moodle", "Eve", "1")


def test_a_group_and_its_members(course):
    files = {f"Group 7_44_assignsubmission_file/{NAME}": ADA}
    files |= {f"Default group_assignsubmission_file/{NAME}": BEN}
    put(course, "x.zip", zipped(files))
    config = course / "nbgrader_config.py"
    config.write_text(
        config.read_text(encoding="utf-8")
        + "c.ArchiveExtractor.students = {'Group_7': ['ada', '../ben']}\n",
        encoding="utf-8",
    )
    collect(course)
    assert submitted(course) == {"ada": ADA, "ben": ADA, "Default_group": BEN}


def test_namesakes_never_fall_together(course):
    files = {
        f"Ada Lovelace_1_assignsubmission_file/{NAME}": ADA,
        f"Ben_3_assignsubmission_file/{NAME}": BEN,
    }
    put(course, "1.zip", zipped(files))
    collect(course)
    assert set(submitted(course)) == {"Ada_Lovelace", "Ben"}
    files = {
        f"ADA Lovelace_2_assignsubmission_file/{NAME}": EVE,
        f"B n_4_assignsubmission_file/{NAME}": ADA,
        f"B.n_5_assignsubmission_file/{NAME}": ADA,
        f"Bo:n_7_assignsubmission_file/{NAME}": BEN,
        f"Bo;n_8_assignsubmission_file/{NAME}": EVE,
    }
    put(course, "2.zip", zipped(files))
    report = collect(course)
    found = submitted(course)
    assert found["Ada_Lovelace"] == ADA
    assert found["ADA_Lovelace_2"] == EVE
    assert (found["Bo-n_7"], found["Bo-n_8"]) == (BEN, EVE)
    assert {"B_n", "B.n", "Ben"} <= set(found)
    assert "ADA_Lovelace_2: another student is named ADA_Lovelace, too" in report
    collect(course)
    assert submitted(course) == found


@given(st.text(max_size=300))
def test_a_student_id_is_a_safe_name(text):
    name = safe_id(text)
    assert name == safe_id(name)
    assert 0 < len(name.encode()) < 200
    assert name[0] not in ".-_"
    assert not set(name) & set('/\\:*?"<>|,\0\n\t ')
    assert name.isprintable()


def test_names_like_the_lessons():
    for name in ("90_toy (2)", "90_TOY-Copy1", "90_toy_final", "90_toy-checkpoint", "90_toy v2"):
        assert is_like(f"{name}.ipynb", LESSON)
    for name in ("91_toy", "90_toy_and_more", "toy", "90_toyota"):
        assert not is_like(f"{name}.ipynb", LESSON)


# Which of several notebooks counts


def moodle(upload):
    """Return a download in which eve handed in these files, and ada and ben are honest."""
    files = {f"Ada_1_assignsubmission_file/{NAME}": ADA}
    files |= {
        (f"Eve_2_assignsubmission_file/{name}" if isinstance(name, str) else name): data
        for name, data in upload.items()
    }
    return zipped(files | {f"Ben_3_assignsubmission_file/{NAME}": BEN})


OTHER = "91_other"
OTHERS = file_of(answered())
NO_ANSWERS = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}'
UPLOADS = {
    "a zip": ({"my work.zip": zipped({f"a/b/{NAME}": EVE})}, EVE, ""),
    "a zip in a zip": ({"a.zip": zipped({"b.zip": zipped({NAME: EVE})})}, EVE, ""),
    "a tar": ({"a.tar.gz": None}, EVE, ""),
    "a mac's zip": (
        {"a.zip": zipped({NAME: EVE, f"__MACOSX/._{NAME}": b"x", f"__MACOSX/{NAME}": BEN})},
        EVE,
        "",
    ),
    "checkpoints": ({NAME: EVE, f".ipynb_checkpoints/{NAME}": BEN}, EVE, ""),
    "a copy": ({NAME: EVE, f"{LESSON}-Copy1.ipynb": BEN}, EVE, f"not {LESSON}-Copy1.ipynb"),
    "a wrong name": ({"Untitled.ipynb": EVE}, EVE, f"Untitled.ipynb was taken for {NAME}"),
    "an ending": ({f"{NAME}.txt": EVE}, EVE, "was taken for"),
    "a draft": ({"Untitled.ipynb": EVE, NAME: NO_ANSWERS}, EVE, f"not {NAME}"),
    "upper case": ({f"{LESSON.upper()}.IPYNB": EVE, "x.ipynb": NO_ANSWERS}, EVE, "was taken"),
    "case only": ({NAME.upper(): BEN, NAME: EVE}, EVE, f"not {NAME.upper()}"),
    "another lesson": ({f"{OTHER}.ipynb": NO_ANSWERS}, None, f"is another lesson, {OTHER}"),
    "another's name": ({f"{OTHER}.ipynb": EVE}, EVE, "was taken for"),
    "no answers": ({"x.ipynb": NO_ANSWERS}, NO_ANSWERS, "none of the lesson's answers"),
    "strangers": ({"x.ipynb": NO_ANSWERS, "y.ipynb": b"{}"}, None, "of 2 notebooks none is"),
    "no JSON": ({NAME: b"not JSON"}, b"not JSON", "no readable notebook"),
    "no notebook": ({"x.pdf": b"%PDF"}, None, "no notebook in what was handed in"),
    "other files": ({NAME: EVE, "timestamp.txt": b"2001-01-01", "numpy.py": b"1"}, EVE, ""),
    "a wrong ending": ({"a.zip": b"Rar!\x1a"}, None, "no zip or tar file"),
    "a rar": ({"a.rar": b"Rar!\x1a"}, None, "not taken, only .zip and .tar"),
    "a rar in a zip": ({"a.zip": zipped({"a.rar": b"Rar!"})}, None, "only .zip and .tar"),
}


def tarred(*members):
    """Return a tar.gz of (TarInfo or name, bytes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, data in members:
            made = tarfile.TarInfo(member) if isinstance(member, str) else member
            made.size = made.size or len(data)
            archive.addfile(made, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("case", UPLOADS)
def test_one_notebook_of_an_upload_counts(course, case):
    upload, wanted, told = UPLOADS[case]
    if case == "a tar":
        upload = {"a.tar.gz": tarred((f"./x/{NAME}", EVE), ("x/timestamp.txt", b"2001-01-01"))}
    (course / "notebooks" / OTHER).mkdir()
    put(course, "x.zip", moodle(upload))
    report = collect(course)
    honest = {"Ada": ADA, "Ben": BEN}
    assert submitted(course) == (honest if wanted is None else honest | {"Eve": wanted})
    assert told in report
    assert ("Eve" in report) == bool(told)
    assert timestamp(course, "Eve") is None


def test_of_two_files_in_canvas_the_newer_counts(course):
    files = {f"eve_2_77_{LESSON}-1.ipynb": EVE, f"eve_2_9_{NAME}": BEN}
    put(course, "x.zip", zipped(files))
    collect(course)
    assert submitted(course) == {"eve_2": EVE}


def test_unpacked_archives_that_students_made(course):
    """Safari unpacks the download: zip files named by Canvas then lie in the folder."""
    put(course, "ml_101_2024_a.zip", zipped({f"ada_1_2_{NAME}": ADA}))
    collect(course)
    assert submitted(course) == {"ada_1": ADA}
    put(course, f"ben_3_4_{NAME}", BEN)
    put(course, "eve_5_6_work.zip", zipped({f"ada_1_999_{NAME}": EVE}))
    (archive_of(course) / "ml_101_2024_a.zip").unlink()
    collect(course)
    assert submitted(course) == {"ada_1": ADA, "ben_3": BEN, "eve_5": EVE}


# A download that is named as a student's upload would be, STUDENT_LESSON.zip


@pytest.mark.parametrize(
    "name", ["canvas-{}", "{}_{}", "class_{}", "Fall 2026 ML_{}", "ML_2026_{}"]
)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_download_of_a_class_may_have_any_name(course, platform, name):
    files, wanted = PLATFORMS[platform]
    put(course, f"{name.format(*[LESSON] * 2)}.zip", zipped(files))
    report = collect(course)
    assert submitted(course) == wanted
    assert "was taken for the download of a class" in report


@pytest.mark.parametrize(
    "files", [{f"lovelaceada_11_501_{NAME}": ADA}, {f"Ada_1_assignsubmission_file/{NAME}": ADA}]
)
def test_a_class_of_one_is_a_class(course, files):
    put(course, f"class_{LESSON}.zip", zipped(files))
    collect(course)
    assert set(submitted(course)) < {"lovelaceada_11", "Ada"}


def test_an_export_of_gradescope_that_was_packed_anew_is_taken(course):
    files = {name.split("/", 1)[1]: data for name, data in GRADESCOPE.items()}
    put(course, f"gradescope-{LESSON}.zip", zipped(files))
    collect(course)
    assert submitted(course) == PLATFORMS["gradescope"][1]


def test_several_downloads_named_after_the_lesson(course):
    for platform in ("canvas", "moodle", "gradescope"):
        put(course, f"{platform}_{LESSON}.zip", zipped(PLATFORMS[platform][0]))
    collect(course)
    assert len(submitted(course)) == 9


@pytest.mark.parametrize(
    "files",
    [
        {NAME: ADA},
        {f"work/{NAME}": ADA, "data.csv": b"1"},
        {f"ada_{NAME}": ADA},
        {f"old/{NAME}": ADA, f"new/{NAME}": ADA, f"my_{NAME}": ADA},
        {NAME: ADA, f"{OTHER}.ipynb": BEN, "notes.ipynb": BEN},
    ],
)
def test_an_upload_of_one_student_is_no_class(course, files):
    put(course, f"ada_{LESSON}.zip", zipped(files))
    put(course, f"ben_{NAME}", BEN)
    assert "class" not in collect(course)
    assert submitted(course) == {"ada": ADA, "ben": BEN}


def test_a_notebook_of_nobody_in_a_class_is_refused(course):
    put(course, f"canvas-{LESSON}.zip", zipped(PLATFORMS["plain"][0] | {NAME: EVE}))
    assert "nobody knows whose it is" in collect(course)
    assert submitted(course) == PLATFORMS["plain"][1]


def test_an_upload_that_names_another_is_told(course):
    put(course, f"canvas_{LESSON}.zip", zipped({f"ada_{NAME}": ADA}))
    assert "was taken for the upload of canvas, though it names ada" in collect(course)


def test_a_zip_of_a_student_of_canvas_is_no_class(course):
    put(course, f"ben_3_4_{NAME}", BEN)
    forged = {f"ben_3_999_{NAME}": EVE, f"ada_1_999_{NAME}": EVE}
    put(course, f"eve_5_6_{LESSON}.zip", zipped(forged))
    collect(course)
    assert submitted(course) == {"ben_3": BEN, "eve_5": EVE}


# Attacks: each lies beside honest students, who are collected


def info(name, mode=0, system=3):
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = system, mode << 16
    return made


def patched(data, name, place, form, value):
    """Return a zip file with a value changed in both headers of one of its files."""
    data, name = bytearray(data), name.encode()
    for begin, header, offset in ((b"PK\x03\x04", 30, 0), (b"PK\x01\x02", 46, 2)):
        at = 0
        while (at := data.find(begin, at)) >= 0:
            if data[at + header : at + header + len(name)] == name:
                struct.pack_into(form, data, at + place + offset, value)
            at += 4
    return bytes(data)


def encrypted():
    return patched(moodle({NAME: EVE}), "Eve", 6, "<H", 1)


def packed_by(method):
    return patched(moodle({NAME: EVE}), "Eve", 8, "<H", method)


def lying(size):
    return patched(moodle({NAME: EVE}), "Eve", 22, "<I", size)


def corrupt():
    return patched(moodle({NAME: EVE}), "Eve", 14, "<I", 0x12345678)


def overlapping():
    """Return a zip whose entry holds the entries after it, in the way of zip bombs."""
    data = zipped({f"Ada_1_assignsubmission_file/{NAME}": ADA})
    eve = f"Eve_2_assignsubmission_file/{NAME}"
    with zipfile.ZipFile(io.BytesIO(moodle({NAME: EVE}))) as archive:
        size = archive.infolist()[2].header_offset - archive.getinfo(eve).header_offset + 300
    assert data
    return patched(moodle({NAME: EVE}), "Eve", 18, "<I", size)


def twice():
    """Return a zip in which two entries share one place."""
    data = bytearray(moodle({NAME: EVE, "x.ipynb": BEN}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first, second = archive.infolist()[1:3]
    at = data.index(b"PK\x01\x02")
    while True:
        if struct.unpack_from("<I", data, at + 42)[0] == second.header_offset:
            struct.pack_into("<I", data, at + 42, first.header_offset)
            return bytes(data)
        at = data.index(b"PK\x01\x02", at + 4)


def misnamed():
    """Return a zip with a name that claims to be UTF-8 and is not."""
    return moodle({f"ü{NAME}": EVE}).replace("ü".encode(), b"\xfc\xfc")


def nested(depth):
    data = zipped({NAME: EVE})
    for _ in range(depth):
        data = zipped({"a.zip": data})
    return data


def gz_bomb():
    return gzip.compress(bytes(150_000_000), 1)


def link(name, target, kind=tarfile.SYMTYPE):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def sparse():
    made = tarfile.TarInfo(NAME)
    made.size = 1 << 60
    header = made.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(header + EVE)


EVIL = "Eve_2_assignsubmission_file"
PASSWD = b"/etc/passwd"
ATTACKS = {
    "a flat bomb": (lambda: moodle({NAME: repeated(22)}), "the limit is 20 MB"),
    "a bomb by ratio": (lambda: moodle({NAME: ZEROS[:15_000_000]}), "500 times its size"),
    "a bomb in a zip": (lambda: moodle({"a.zip": zipped({NAME: repeated(22)})}), "limit is 20 MB"),
    "many bombs in a zip": (
        lambda: moodle({"a.zip": zipped({f"{n}.zip": zipped({NAME: ZEROS}) for n in range(9)})}),
        "500 times its size",
    ),
    "all together too much": (
        lambda: moodle({"a.zip": zipped({f"{n}.ipynb": repeated(9, n) for n in range(12)})}),
        "it unpacks to more than 100 MB",
    ),
    "a deep nest": (lambda: moodle({"a.zip": nested(4)}), "more than 3 archives"),
    "many files": (
        lambda: moodle({"a.zip": zipped({f"{n}.txt": b"" for n in range(6000)})}),
        "more than 5,000 files",
    ),
    "a zip of itself": (lambda: moodle({"a.zip": nested(40)}), "more than 3 archives"),
    "a bomb in a tar.gz": (lambda: moodle({"a.tar.gz": gz_bomb()}), "no notebook"),
    "a long tar": (
        lambda: moodle({"a.tgz": tarred(("x.txt", bytes(120_000_000)), (NAME, EVE))}),
        "more than 100 MB",
    ),
    "a tar that lies": (lambda: moodle({"a.tar.gz": sparse()}), "it has|broken"),
    "a link in a tar": (
        lambda: moodle({"a.tgz": tarred((link(NAME, "/etc/passwd"), b""))}),
        "link",
    ),
    "a hard link in a tar": (
        lambda: moodle({"a.tgz": tarred((link(NAME, "/etc/passwd", tarfile.LNKTYPE), b""))}),
        "link",
    ),
    "a device in a tar": (
        lambda: moodle({"a.tgz": tarred((link(NAME, "", tarfile.CHRTYPE), b""))}),
        "no plain file",
    ),
    "a path out of a tar": (lambda: moodle({"a.tgz": tarred((f"../{NAME}", EVE))}), "leads out"),
    "overlapping files": (overlapping, "shares its bytes"),
    "two files in one place": (twice, "shares its bytes"),
    "a size that is too small": (lambda: lying(10), "broken"),
    "a size that is too large": (lambda: lying(4_000_000_000), "500 times its size"),
    "a checksum that is wrong": (corrupt, "broken"),
    "a name in no UTF-8": (misnamed, "broken"),
    "an encrypted file": (encrypted, "encrypted"),
    "an unknown method": (lambda: packed_by(99), "method 99"),
    "a method without steps": (lambda: packed_by(zipfile.ZIP_LZMA), "method 14"),
    "a path up": (lambda: moodle({f"../../../../{NAME}": EVE}), "leads out"),
    "an absolute path": (lambda: moodle({info(f"/{EVIL}/{NAME}"): EVE}), "leads out"),
    "a drive": (lambda: moodle({info(f"C:\\{EVIL}\\{NAME}"): EVE}), "leads out"),
    "backslashes": (lambda: moodle({info(f"{EVIL}\\..\\..\\{NAME}"): EVE}), "leads out"),
    "a link": (lambda: moodle({info(f"{EVIL}/{NAME}", stat.S_IFLNK | 0o777): PASSWD}), "link"),
    "a link to a folder": (
        lambda: moodle({info(EVIL, stat.S_IFLNK | 0o777): b"../..", NAME + ".x": EVE}),
        "no notebook",
    ),
    "a device": (lambda: moodle({info(f"{EVIL}/{NAME}", stat.S_IFCHR | 0o666): b""}), "plain file"),
    "a pipe": (lambda: moodle({info(f"{EVIL}/{NAME}", stat.S_IFIFO | 0o666): b""}), "plain file"),
    "control characters": (lambda: moodle({f"\x1b]0;owned\x07{NAME}": EVE}), "control characters"),
    "a very long name": (lambda: moodle({"x" * 20_000 + ".ipynb": EVE}), "longer than 1,000"),
    "a broken zip": (lambda: moodle({"a.zip": zipped({NAME: EVE})[:-30]}), "no zip file|broken"),
    "half a zip": (lambda: moodle({"a.zip": nested(1)[:90]}), "no zip file|broken"),
    "a deep JSON": (lambda: moodle({NAME: b"[" * 100_000}), "no readable notebook"),
}


def repeated(megabytes, seed=1):
    """Return bytes that a zip file holds at about a hundredth of their size."""
    return random.Random(seed).randbytes(20_000) * (megabytes * 50)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_an_archive_harms_nobody_else(course, attack):
    make, told = ATTACKS[attack]
    before = {path for path in course.parent.rglob("*") if course not in path.parents}
    put(course, "x.zip", make())
    report = collect(course)
    assert {name: data for name, data in submitted(course).items() if name != "Eve"} == {
        "Ada": ADA,
        "Ben": BEN,
    }
    if attack != "a deep JSON":
        assert "Eve" not in submitted(course)
    assert re.search(told, report), report
    assert all(line.isprintable() for line in report.splitlines())
    assert {path for path in course.parent.rglob("*") if course not in path.parents} == before
    assert not any(path.is_symlink() for path in course.rglob("*"))


def test_two_files_of_one_name_the_later_counts(course):
    name = f"Eve_2_assignsubmission_file/{NAME}"
    put(
        course,
        "x.zip",
        zipped([(name, BEN), (f"Ada_1_assignsubmission_file/{NAME}", ADA), (name, EVE)]),
    )
    collect(course)
    assert submitted(course) == {"Ada": ADA, "Eve": EVE}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
def test_links_and_pipes_in_a_folder(course, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(EVE)
    for name, data in (("ada", ADA), ("ben", BEN)):
        put(course, f"{name}/{NAME}", data)
    for name in ("eve", "pip"):
        (archive_of(course) / name).mkdir()
    (archive_of(course) / "eve" / NAME).symlink_to(secret)
    (archive_of(course) / "dan").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(archive_of(course) / "pip" / NAME)
    report = collect(course)
    assert submitted(course) == {"ada": ADA, "ben": BEN}
    assert report.count("it is a link") == 1
    assert report.count("it is no plain file") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no paths of this length")
def test_folders_a_thousand_deep(course):
    put(course, f"Ada_1_assignsubmission_file/{NAME}", ADA)
    try:
        with contextlib.chdir(archive_of(course)):
            for _ in range(1_100):
                os.mkdir("d")
                os.chdir("d")
        entries = list(Folder(archive_of(course), Bounds()).entries())
    finally:  # pytest cannot
        subprocess.run(["rm", "-rf", str(archive_of(course))], check=True)
    assert [entry.parts[-1] for entry in entries] == [NAME]


def test_many_files_of_one_student_are_no_matter(course):
    """Gradescope unpacks what students upload: one has handed in an environment."""
    files = {f"assignment_77_export/submission_1/.venv/{n}/x.py": b"" for n in range(9_000)}
    put(course, "x.zip", zipped(GRADESCOPE | files))
    collect(course)
    assert submitted(course) == PLATFORMS["gradescope"][1]


def test_a_broken_download_does_not_stop_the_others(course):
    put(course, "a.zip", moodle({})[:-40])
    put(course, "b.zip", b"")
    put(course, "c.zip", zipped({f"Eve_2_assignsubmission_file/{NAME}": EVE}))
    report = collect(course)
    assert submitted(course) == {"Eve": EVE}
    assert "refused: a.zip: it is no zip file, or broken" in report
    assert "refused: b.zip" in report


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_archives_are_refused_not_fallen_over(data):
    good = data.draw(
        st.sampled_from([zipped({NAME: BEN, "b.zip": zipped({NAME: ADA})}), SMALL_TAR])
    )
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(damaged) // 2, len(damaged)))
    for entry, content in unpacked("a.zip", bytes(damaged[:cut]), Room(Bounds())):
        assert isinstance(entry, Entry)
        assert isinstance(content, bytes)


SMALL_TAR = tarred((NAME, BEN), ("x.txt", b"x"), (f"a/{NAME}", ADA))


def test_bounds_are_settings(course):
    put(course, "x.zip", moodle({NAME: EVE + b" " * 2_000}))
    config = course / "nbgrader_config.py"
    line = f"c.ArchiveExtractor.bounds = {{'file_bytes': {len(ADA) + 1000}}}\n"
    config.write_text(config.read_text(encoding="utf-8") + line, encoding="utf-8")
    collect(course)
    assert submitted(course) == {"Ada": ADA, "Ben": BEN}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": 1}, "there are entries"),
        ({"depth": 0}, "whole number"),
        ({"ratio": "9"}, "number"),
    ],
)
def test_wrong_bounds_are_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        Bounds().changed(wrong)


# Collecting again


def earlier(course):
    place = archive_of(course).parent / "earlier"
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*.ipynb")}


def test_a_newer_submission_replaces_an_older_one_which_is_kept(course):
    put(course, "1.zip", zipped({f"ada_1_10_{NAME}": ADA, f"ben_2_11_{NAME}": BEN}))
    collect(course)
    put(course, "2.zip", zipped({f"ada_1_20_{LESSON}-1.ipynb": EVE}))
    report = collect(course)
    assert submitted(course) == {"ada_1": EVE, "ben_2": BEN}
    assert earlier(course) == {f"ada_1/1/{NAME}": ADA}
    assert "1 newer than before, the earlier one is kept, 1 as collected before" in report
    (archive_of(course) / "2.zip").unlink()
    assert "older than the submission that is there" in collect(course)
    assert submitted(course) == {"ada_1": EVE, "ben_2": BEN}


def test_the_later_download_of_moodle_counts(course):
    early, late = (2024, 5, 1, 8, 0, 0), (2024, 5, 2, 8, 0, 0)
    name = f"Ada_1_assignsubmission_file/{NAME}"
    put(course, "z.zip", zipped({name: ADA}, {name: early}))
    put(course, "a.zip", zipped({name: EVE}, {name: late}))
    collect(course)
    assert submitted(course) == {"Ada": EVE}
    assert timestamp(course, "Ada") is None


def test_what_a_teacher_changed_by_hand_is_kept_until_there_is_something_newer(course):
    put(course, "1.zip", zipped({f"ada_1_10_{NAME}": ADA}))
    collect(course)
    path = course / "grading" / "submitted" / "ada_1" / LESSON / NAME
    path.write_bytes(b"mended by hand")
    assert "changed by hand" in collect(course)
    assert path.read_bytes() == b"mended by hand"
    put(course, "2.zip", zipped({f"ada_1_20_{NAME}": EVE}))
    collect(course)
    assert path.read_bytes() == EVE
    assert earlier(course) == {f"ada_1/1/{NAME}": b"mended by hand"}
    path.write_bytes(b"again")
    collect(course, "--force")
    assert path.read_bytes() == EVE
    assert earlier(course)[f"ada_1/2/{NAME}"] == b"again"


def test_what_got_lost_is_collected_again(course):
    put(course, "1.zip", zipped(MOODLE))
    collect(course)
    (archive_of(course).parent / "collected.json").write_text("[]", encoding="utf-8")
    shutil.rmtree(course / "grading" / "submitted" / "Ada_Lovelace")
    collect(course)
    assert submitted(course) == PLATFORMS["moodle"][1]
    assert earlier(course) == {}


def test_a_full_disk_leaves_no_half_of_a_notebook(course, monkeypatch):
    put(course, "1.zip", zipped(MOODLE))

    def fill(source, target):
        if "Jörg" in str(target):
            Path(target).write_bytes(Path(source).read_bytes()[:100])
            raise OSError(28, "No space left on device")
        shutil.copyfile(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("nbgrader.apps.zipcollectapp.shutil.copy", fill)
        with pytest.raises(OSError, match="No space left"):
            collect(course)
    assert set(submitted(course)) == {"Ada_Lovelace", "Cyd_O-Neil"}
    collect(course)
    assert submitted(course) == PLATFORMS["moodle"][1]


def test_a_submission_whose_download_is_gone_stays_and_is_told(course):
    put(course, "1.zip", zipped({f"ada_1_10_{NAME}": ADA, f"ben_2_11_{NAME}": BEN}))
    assert "collected before" not in collect(course)
    put(course, "1.zip", zipped({f"ada_1_10_{NAME}": ADA}))
    report = collect(course)
    assert report.splitlines()[-1].startswith("collected before, not in the downloads now")
    assert report.endswith(": ben_2\n")
    assert submitted(course) == {"ada_1": ADA, "ben_2": BEN}
    shutil.rmtree(course / "grading" / "submitted" / "ben_2")
    assert "collected before," not in collect(course)


def test_a_lesson_that_there_is_not_is_told(course, capsys):
    from nbgrader.apps import ZipCollectApp

    app = ZipCollectApp()
    with contextlib.chdir(course):
        app.initialize(["99_nope"])
        with pytest.raises(SystemExit) as stop:
            app.start()
    assert stop.value.code != 0
    assert f"no lesson '99_nope'; the lessons are {LESSON}" in capsys.readouterr().err


def test_of_many_names_the_number_is_told(course):
    copies = {f"{LESSON} ({n}).ipynb": BEN + b" " * n for n in range(5)}
    put(course, "x.zip", moodle({NAME: EVE} | copies))
    assert "and 2 more" in collect(course)


def test_an_empty_folder_is_told(course):
    assert "0 submissions found" in collect(course)
    shutil.rmtree(archive_of(course))
    collect(course)


# Patterns for other platforms, as in nbgrader


def test_a_pattern_decides_for_other_platforms(course):
    put(course, f"ana_{NAME}", ADA)
    put(course, "ben.zip", zipped({f"ben_{NAME}": BEN, f"../ben_{NAME}": EVE, "x.py": b"1"}))
    put(course, f"c_{NAME}", ADA)
    put(course, f"more/ana_{NAME}", EVE)
    pattern = r".*/(?P<student_id>[^/_]+)_(?P<file_id>[^/]+)"
    report = collect(course, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    assert submitted(course) == {"ana": ADA, "ben": BEN, "c": ADA}
    assert "a second file of this student" in report
    assert "leads out" in report


def test_a_pattern_gives_safe_ids_and_times(course):
    put(course, f"2024-05-01-10-00-00__..__{NAME}", ADA)
    put(course, f"nonsense__ben__{NAME}", BEN)
    pattern = r".*/(?P<timestamp>[^/]+)__(?P<student_id>[^/]+)__(?P<file_id>[^/]+)"
    collect(course, f"--FileNameCollectorPlugin.named_regexp={pattern}")
    found = submitted(course)
    assert found.pop("ben") == BEN
    assert [name[:8] for name in found] == ["student-"]


# When it came in


def clock_of(times, wanted="auto", timezone="Europe/Berlin"):
    entries = [Entry(("x.zip", f"S{n}", NAME), time=time) for n, time in enumerate(times)]
    return Clock(entries, timezone, wanted), [
        Attempt(Owner("moodle", f"S{n}"), ("x.zip",), files=[File(entry, NAME)])
        for n, entry in enumerate(entries)
    ]


def test_the_time_of_packing_is_no_time_of_handing_in():
    day = datetime(2024, 5, 1, 12)
    packed = [day + timedelta(seconds=n) for n in range(5)]
    spread = [day + timedelta(hours=n) for n in range(5)]
    for times, wanted, told in (
        (packed, "auto", None),
        (packed, "use", day - timedelta(hours=2)),
        (spread, "auto", day - timedelta(hours=2)),
        (spread, "ignore", None),
        ([None, None], "use", None),
        ([datetime(2100, 1, 1), None], "use", None),
    ):
        clock, attempts = clock_of(times, wanted)
        assert clock.time(attempts[0]) == told


def test_the_time_zone_is_a_setting_and_winter_is_not_summer():
    winter, summer = datetime(2024, 1, 1, 12), datetime(2024, 7, 1, 12)
    clock, attempts = clock_of([winter, summer])
    assert clock.time(attempts[0]) == datetime(2024, 1, 1, 11)
    assert clock.time(attempts[1]) == datetime(2024, 7, 1, 10)
    clock, attempts = clock_of([winter.replace(tzinfo=UTC), summer])
    assert clock.time(attempts[0]) == winter


def test_an_unknown_time_zone_is_told(course, capsys):
    with pytest.raises(SystemExit):
        collect(course, "--ArchiveExtractor.timezone=Berlin")
    assert "there is no time zone 'Berlin'" in capsys.readouterr().err


def test_two_that_are_to_have_one_name_are_told(course):
    line = "c.ArchiveExtractor.students = {'ada_1': 'ada', 'ada_2': 'ada'}\n"
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + line, encoding="utf-8")
    put(course, "x.zip", zipped({f"ada_1_9_{NAME}": BEN, f"ada_2_7_{NAME}": ADA}))
    assert "ada: two are to have this name; the later one was taken" in collect(course)
    assert submitted(course) == {"ada": BEN}


def test_old_moodles_times_are_taken(course):
    ada, ben = (f"{name}_1_assignsubmission_file/{NAME}" for name in ("Ada", "Ben"))
    times = {ada: (2024, 5, 1, 8, 0, 0), ben: (2024, 5, 3, 8, 0, 2)}
    put(course, "x.zip", zipped({ada: ADA, ben: BEN}, times))
    collect(course, "--ArchiveExtractor.timezone=America/New_York")
    assert timestamp(course, "Ada") == datetime(2024, 5, 1, 12)
    assert timestamp(course, "Ben") == datetime(2024, 5, 3, 12, 0, 2)


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """A gradebook in which the lesson is due on 1 May 2024 at 10:00 UTC."""
    book = Book(tmp_path_factory.mktemp("book"))
    book.ensure_lesson(LESSON, release())
    with book.open() as opened:
        opened.update_or_create_assignment(LESSON, duedate="2024-05-01 10:00:00 UTC")
    return book.grading / "gradebook.db"


def test_canvas_mark_alone_says_nothing_without_a_due_date(course, gradebook):
    put(course, "x.zip", zipped(CANVAS))
    report = collect(course)
    assert "obrienben_12: Canvas marks it late, the gradebook has no due date" in report
    assert timestamp(course, "obrienben_12") is None
    shutil.copy(gradebook, course / "grading")
    assert "obrienben_12: marked late by Canvas" in collect(course)
    assert timestamp(course, "obrienben_12") == datetime(2024, 5, 1, 10, 0, 1)
    assert timestamp(course, "lovelaceada_11") is None
    assert earlier(course) == {}
    on_time = {name.replace("_LATE", ""): data for name, data in CANVAS.items()}
    put(course, "x.zip", zipped(on_time))
    collect(course)
    assert timestamp(course, "obrienben_12") is None


def test_canvas_mark_goes_before_the_times(course, gradebook):
    names = [f"ada_1_2_{NAME}", f"ben_LATE_3_4_{NAME}"]
    times = {names[0]: (2024, 5, 9, 9, 0, 0), names[1]: (2024, 4, 1, 9, 0, 0)}
    shutil.copy(gradebook, course / "grading")
    put(course, "x.zip", zipped(dict.fromkeys(names, ADA), times))
    collect(course)
    assert timestamp(course, "ada_1") == datetime(2024, 5, 1, 10)
    assert timestamp(course, "ben_3") == datetime(2024, 5, 1, 10, 0, 1)


# From the download to the mark


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """What is collected here, graded."""
    toy = material(tmp_path_factory.mktemp("toy"))
    with Workshop(trusted=True) as workshop:
        return {data: grade_submission(data, toy, workshop) for data in (ADA, BEN)}


@pytest.mark.parametrize("platform", ["canvas", "moodle", "gradescope"])
def test_what_was_collected_is_graded_and_late_is_late(course, platform, graded, gradebook):
    shutil.copy(gradebook, course / "grading")
    files, wanted = PLATFORMS[platform]
    put(course, "x.zip", zipped(files))
    collect(course)
    book = Book(course / "grading")
    book.config.LateSubmissionPlugin.penalty_method = "zero"
    for one in find_submissions(course / "grading" / "submitted", [LESSON]):
        notebook = graded[one.path.read_bytes()].notebook
        book.save(one.student, LESSON, notebook, read_timestamp(one.folder))
    late = {"canvas": {"obrienben_12"}, "gradescope": {"ben@uni.edu", "cyd@uni.edu"}}
    with book.open() as opened:
        for student in wanted:
            submission = opened.find_submission(LESSON, student)
            assert (submission.total_seconds_late > 0) == (student in late.get(platform, ()))
            penalty = submission.notebooks[0].late_submission_penalty or 0
            assert (penalty > 0) == (submission.total_seconds_late > 0)


def test_a_class_from_three_platforms_is_graded(course):
    for platform in ("canvas", "moodle", "gradescope"):
        put(course, f"{platform}.zip", zipped(PLATFORMS[platform][0]))
    collect(course)
    words = ["--workers", "1", "--no-sandbox"]
    assert grade.main(words, root=course, questions="tests.toy") == 0
    wanted = {name: data for platform in PLATFORMS.values() for name, data in platform[1].items()}
    marks = Book(course / "grading").marks([LESSON])
    assert len(marks) == 9
    for (student, _), (points, *_) in marks.items():
        assert points == (4 if wanted[student] == ADA else 1)


def test_the_command_itself(course):
    """`nbgrader zip_collect` in a shell: the end of what it prints says what was refused."""
    put(course, "x.zip", moodle({"a.rar": b"Rar!"}))
    command = [sys.executable, "-m", "nbgrader", "zip_collect", LESSON]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert submitted(course) == {"Ada": ADA, "Ben": BEN}
    assert "Copying" not in done.stderr
    last = done.stderr.strip().splitlines()[-2:]
    assert "a.rar: archives of this kind are not taken" in last[0]
    assert "refused: 1, remarks: 0; all of them in" in last[1]
    kept = json.loads((archive_of(course).parent / "collected.json").read_text(encoding="utf-8"))
    assert set(kept) == {"Ada", "Ben"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--db", "foo"], "--db foo: should be a URL, as sqlite:///"),
        (["--db", "postgresql://me:secret@127.0.0.1:1/x"], ":***@127.0.0.1:1/x does not answer ("),
        ([], "gradebook.db does not answer (file is not a database)"),
    ],
)
def test_a_gradebook_that_cannot_be_read_is_told_in_one_sentence(course, capsys, words, told):
    (course / "grading" / "gradebook.db").write_text("no database")
    assert returning.main([LESSON, *words], root=course) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_no_folder_to_return_into_is_told_in_one_sentence(course, monkeypatch, capsys):
    (course / "grading" / "returned").write_text("no folder")
    found = {("ada", LESSON): (1.0, 1.0, True)}, set()
    monkeypatch.setattr(returning, "_marks", lambda *words: found)
    assert returning.main([LESSON], root=course) == 1
    error = capsys.readouterr().err
    assert str(course / "grading" / "returned") in error
    assert error.count("\n") == 1
