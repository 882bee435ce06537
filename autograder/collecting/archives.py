"""Folders and archives made by strangers: the names and bytes of their files, and nothing else.

No file is unpacked to disk here, and no name in an archive is ever used as a path.
"""

import contextlib
import gzip
import io
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

CHUNK = 1 << 16
NOT_TAKEN = "archives of this kind are not taken, only .zip and .tar"
MAX_NAME = 1_000
MAX_ENDED = 3
SMALL = 10_000_000  # bytes: up to here no ratio is suspicious
NO_TIME = datetime(1980, 1, 2)  # zip files count from the day before
DIRECTORY = b"PK\x01\x02"  # begins an entry of a zip file's directory
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python unpacks these in bounded steps
JUNK = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store", "desktop.ini", "Thumbs.db"}
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # some browsers add an ending
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.gz|gz)$", re.IGNORECASE)
FOREIGN = re.compile(r"\.(rar|7z|tar\.(bz2|xz|zst)|tbz2?|txz|bz2|xz|zst)$", re.IGNORECASE)
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
)


class RefusedFileError(ValueError):
    """A file that is not taken; the message says why."""


@dataclass(frozen=True)
class Bounds:
    """How much is taken before a file or an archive is refused.

    `entries` is for what a platform made, `upload_entries` for an archive that a student made.
    `file_bytes` is for one notebook, `upload_bytes` for all that is unpacked of one student, and
    `depth` says how many archives may lie in each other there. `ratio` is unpacked to packed.
    """

    entries: int = 300_000
    upload_entries: int = 5_000
    file_bytes: int = 20_000_000
    upload_bytes: int = 100_000_000
    ratio: int = 500
    depth: int = 3

    def changed(self, settings):
        """Return these bounds with some of them set otherwise.

        >>> Bounds().changed({"depth": 1}).depth
        1
        """
        names = [field.name for field in fields(self)]
        for name, value in settings.items():
            if name not in names:
                raise ValueError(f"there is no bound {name!r}; there are {', '.join(names)}")
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"the bound {name} should be a whole number above 0, not {value!r}"
                )
        return replace(self, **settings)


class Room:
    """What one student's upload may still unpack."""

    def __init__(self, bounds):
        self.bounds, self.bytes, self.entries = bounds, bounds.upload_bytes, bounds.upload_entries

    def take(self, size=0, entries=0):
        """Spend bytes and entries, or refuse."""
        self.bytes -= size
        self.entries -= entries
        if self.bytes < 0:
            raise RefusedFileError(f"it unpacks to more than {megabytes(self.bounds.upload_bytes)}")
        if self.entries < 0:
            raise RefusedFileError(too_many(self.bounds.upload_entries))


@dataclass(frozen=True)
class Entry:
    """A file in a folder or an archive.

    `parts` are the folders down to it and its name; `time` has a time zone where that is known;
    `fault` says why it is refused, if it is; `source` and `key` are for `read`.
    """

    parts: tuple
    size: int = 0
    time: datetime | None = None
    fault: str = ""
    source: object = None
    key: object = None

    @property
    def name(self):
        """The file's own name."""
        return self.parts[-1]

    @property
    def kind(self):
        """What its name says it is: "notebook", "archive", "foreign" (an archive), or "other"."""
        kinds = {"notebook": NOTEBOOK, "foreign": FOREIGN, "archive": ARCHIVE}
        return next((kind for kind, end in kinds.items() if end.search(self.name)), "other")

    def read(self, room):
        """Return its bytes, or refuse."""
        if self.fault:
            raise RefusedFileError(self.fault)
        bounds = room.bounds
        limit = bounds.file_bytes if self.kind == "notebook" else bounds.upload_bytes
        if self.size > limit:
            raise RefusedFileError(
                f"it has {megabytes(self.size)}, the limit is {megabytes(limit)}"
            )
        try:
            with self.source.open(self.key) as file:
                return _read(file, limit, room)
        except RefusedFileError:
            raise
        except BROKEN as error:
            raise RefusedFileError(f"it is broken ({_words(error)})") from None


def _read(file, limit, room):
    """Read a file step by step, so that a size that its header lies about costs nothing."""
    chunks, size = [], 0
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise RefusedFileError(f"it is larger than {megabytes(limit)}")
        room.take(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


class Folder:
    """A folder on disk. Links, pipes and devices in it are refused, not followed."""

    def __init__(self, path, bounds):
        self.path, self.bounds = Path(path), bounds

    def entries(self):
        """Yield its files, those of a folder sorted by name."""
        count, waiting = 0, [()]
        while waiting:  # no recursion: folders may lie in each other a thousand deep
            place = waiting.pop()
            for parts, is_folder in self._inside(place):
                count += 1
                if count > self.bounds.entries:
                    raise RefusedFileError(too_many(self.bounds.entries))
                if is_folder:
                    waiting.append(parts)
                else:
                    yield self._entry(parts)

    def _inside(self, place):
        """Return what lies in a folder, as (parts, whether it is a folder)."""
        with contextlib.suppress(OSError), os.scandir(os.path.join(self.path, *place)) as found:
            inside = [((*place, one.name), one.is_dir(follow_symlinks=False)) for one in found]
            return sorted(one for one in inside if not is_junk(one[0][-1:]))
        return []

    def _entry(self, parts):
        readable = tuple(os.fsencode(part).decode("utf-8", "replace") for part in parts)
        try:
            found = os.lstat(os.path.join(self.path, *parts))
        except OSError as error:
            return Entry(readable, fault=f"it cannot be read ({error.strerror})")
        time = datetime.fromtimestamp(found.st_mtime, UTC)
        fault = "" if stat.S_ISREG(found.st_mode) else _unusual(found.st_mode)
        return Entry(readable, found.st_size, time, fault, self, parts)

    def open(self, parts):
        """Open a file, though no link and no pipe that took its place."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        handle = os.open(os.path.join(self.path, *parts), flags | getattr(os, "O_BINARY", 0))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise RefusedFileError("it is no plain file")
        return os.fdopen(handle, "rb")


class Zip:
    """A zip file, opened from a file object, in a `with` statement.

    Raises
    ------
    RefusedFileError
        If it is broken or has more than `entries` entries.
    """

    def __init__(self, file, entries, ratio=Bounds.ratio):
        source = _Source(file, entries)
        try:
            self.zip = zipfile.ZipFile(source)
        except RefusedFileError:
            raise
        except BROKEN as error:
            raise RefusedFileError(f"it is no zip file, or broken ({_words(error)})") from None
        source.opening, self.ratio = False, ratio

    def entries(self):
        """Yield the files in it, in its own order; of two with one name the later one."""
        infos = [info for info in self.zip.infolist() if not info.is_dir()]
        sharing = _sharing(infos)
        last = {info.orig_filename: info for info in infos}
        for info in last.values():
            parts, fault = parts_of(_name(info))
            if not is_junk(parts):
                fault = fault or _fault(info, sharing, self.ratio)
                yield Entry(parts, info.file_size, _time(info), fault, self, info)

    def open(self, info):
        """Open one of its files."""
        return self.zip.open(info)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.zip.close()


class _Source:
    """A file for `zipfile`, which checks the directory of the zip file before it is taken in.

    The number of entries is bounded. A name that claims to be UTF-8 and is not would make
    `zipfile` refuse the whole file instead of this entry, so that claim is dropped.
    """

    def __init__(self, file, entries):
        self.file, self.limit, self.opening = file, entries, True

    def __getattr__(self, name):
        return getattr(self.file, name)

    def read(self, size=-1):
        data = self.file.read(size)
        return self._checked(data) if self.opening and data[:4] == DIRECTORY else data

    def _checked(self, data):
        data, place, count = bytearray(data), 0, 0
        while data[place : place + 4] == DIRECTORY and len(data) >= place + 46:
            count += 1
            if count > self.limit:
                raise RefusedFileError(too_many(self.limit))
            (flags,) = struct.unpack_from("<H", data, place + 8)
            name, extra, comment = struct.unpack_from("<HHH", data, place + 28)
            try:
                data[place + 46 : place + 46 + name].decode("utf-8")
            except UnicodeDecodeError:
                struct.pack_into("<H", data, place + 8, flags & ~0x800)
            place += 46 + name + extra + comment
        return bytes(data)


def _name(info):
    """Return the name of a zip entry: many programs write UTF-8 without saying so."""
    name = info.orig_filename
    if info.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _sharing(infos):
    """Return where the entries begin whose data holds another entry, as in a zip bomb.

    What an honest entry says of itself ends before the next one begins.
    """
    counts = Counter(info.header_offset for info in infos)
    starts = sorted(counts)
    sharing = {start for start, count in counts.items() if count > 1}
    for info in infos:
        after = bisect_right(starts, info.header_offset)
        if after < len(starts) and starts[after] < info.header_offset + 30 + info.compress_size:
            sharing.add(info.header_offset)
    return sharing


def _fault(info, sharing, ratio):
    """Return why a zip entry is refused, "" if it is not."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return _unusual(mode)
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in METHODS:
        return f"it is packed by the method {info.compress_type}, which is not taken"
    if info.header_offset in sharing:
        return "it shares its bytes with another file of the archive"
    if info.file_size > SMALL and info.file_size > ratio * max(info.compress_size, 1):
        return f"it unpacks to more than {ratio} times its size"
    return ""


def _unusual(mode):
    return "it is a link" if stat.S_ISLNK(mode) else "it is no plain file"


def _time(info):
    """Return the time of a zip entry, with a time zone where the entry tells the moment."""
    extra = info.extra
    while len(extra) >= 4:
        tag, size = struct.unpack_from("<HH", extra)
        if tag == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            seconds = struct.unpack_from("<i", extra, 5)[0]
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        extra = extra[4 + size :]
    try:
        time = datetime(*info.date_time)
    except ValueError:
        return None
    return time if time >= NO_TIME else None


def parts_of(name):
    r"""Return the parts of a file's name in an archive, and why it is refused, if it is.

    >>> parts_of("ada/work\\l1.ipynb")
    (('ada', 'work', 'l1.ipynb'), '')
    >>> parts_of("../l1.ipynb")[1]
    'its name leads out of the archive'
    """
    slashed = name.replace("\\", "/")
    parts = tuple(part for part in slashed.split("/") if part not in ("", ".")) or ("",)
    if slashed.startswith("/") or re.match("[A-Za-z]:", slashed) or ".." in parts:
        return parts, "its name leads out of the archive"
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        return parts, "its name holds control characters"
    if len(name) > MAX_NAME:
        return parts, f"its name is longer than {MAX_NAME:,} characters"
    return parts, ""


def is_junk(parts):
    """Tell whether a file was left by a program, not by a person."""
    return any(part in JUNK or part.startswith("._") for part in parts)


def unpacked(name, data, room, depth=1):
    """Yield the notebooks in an archive that a student made, and what is refused in it.

    Parameters
    ----------
    name : str
        For the entries' `parts`.
    data : bytes
    room : Room
    depth : int
        How many archives it lies in, itself included.

    Yields
    ------
    entry : Entry
        One that is refused has a `fault`.
    data : bytes
    """
    if depth > room.bounds.depth:
        yield Entry((name,), fault=f"more than {room.bounds.depth} archives lie in each other"), b""
        return
    try:
        for entry, content in _files_in(data, room):
            inside = replace(entry, parts=(name, *entry.parts))
            if entry.kind == "archive" and not entry.fault:
                yield from unpacked("/".join(inside.parts), content, room, depth + 1)
            else:
                yield inside, content
    except RefusedFileError as refusal:
        yield Entry((name,), fault=str(refusal)), b""
    except BROKEN as error:
        yield Entry((name,), fault=f"it is broken ({_words(error)})"), b""


def _files_in(data, room):
    """Yield the files worth a look in an archive, each with its bytes."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _files_in_zip(data, room)
    if data[:2] == b"\x1f\x8b":
        return _files_in_tar(gzip.GzipFile(fileobj=io.BytesIO(data)), room)
    if data[257:262] == b"ustar":
        return _files_in_tar(io.BytesIO(data), room)
    raise RefusedFileError("it is no zip or tar file, whatever its name says")


def _files_in_zip(data, room):
    with Zip(io.BytesIO(data), room.entries, room.bounds.ratio) as archive:
        for entry in archive.entries():
            room.take(entries=1)
            if entry.kind != "other":
                yield _tried(entry, lambda entry=entry: entry.read(room))


def _files_in_tar(stream, room):
    with stream, tarfile.open(fileobj=_Counted(stream, room), mode="r|") as archive:
        for member in archive:
            room.take(entries=1)
            parts, fault = parts_of(member.name)
            if member.isdir() or is_junk(parts):
                continue
            if not member.isreg():
                fault = _unusual(stat.S_IFLNK if member.issym() or member.islnk() else 0)
            entry = Entry(parts, member.size, fault=fault)
            if entry.kind == "notebook" and member.size > room.bounds.file_bytes:
                entry = replace(entry, fault=f"it has {megabytes(member.size)}")
            if entry.kind != "other":
                yield _tried(entry, lambda member=member: archive.extractfile(member).read())


def _tried(entry, read):
    if entry.kind == "foreign":
        return replace(entry, fault=NOT_TAKEN), b""
    if entry.fault:
        return entry, b""
    try:
        return entry, read()
    except RefusedFileError as refusal:
        return replace(entry, fault=str(refusal)), b""


class _Counted:
    """A stream that counts what is read of it, and ends for one who reads on at its end.

    `tarfile` would read on for as long as a header says, in steps of nothing.
    """

    def __init__(self, stream, room):
        self.stream, self.room, self.ended = stream, room, 0

    def read(self, size):
        data = self.stream.read(min(size, CHUNK))
        self.room.take(len(data))
        self.ended += not data
        if self.ended > MAX_ENDED:
            raise EOFError("it ends too early")
        return data


def too_many(limit):
    """Return why a folder or an archive is refused that holds too many files."""
    return f"it holds more than {limit:,} files"


def megabytes(size):
    """Return a size in words.

    >>> megabytes(20_000_000)
    '20 MB'
    """
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"


def _words(error):
    return shown(str(error) or type(error).__name__)


def listed(names, limit):
    """Return the first few of several names from strangers, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + more


def shown(text, width=100):
    r"""Return text from a stranger for the terminal: one line, printable, not too long.

    >>> shown("a\x1b[2Jb")
    'a?[2Jb'
    """
    text = "".join(character if character.isprintable() else "?" for character in text[: 2 * width])
    return text if len(text) <= width else f"{text[: width // 2]}…{text[-width // 3 :]}"
