"""The pipes to a student's process: a request goes out, a line comes back, and nothing else."""

import contextlib
import io
import os
import queue
import select
import threading

CHUNK = 1 << 20
NO_RESULT = "It sent something that is no result."


class ChildError(Exception):
    """The child ended, hung or broke the protocol; the message says which, for the student."""


class PolledWire:
    """Two pipes that are watched together, on Unix."""

    def __init__(self, requests, replies, limit):
        self._requests, self._replies, self._limit = requests, replies, limit
        self._found = bytearray()
        for descriptor in (requests, replies):
            os.set_blocking(descriptor, False)

    def read(self, left):
        """Return the next line, None at the end; `left` says how long to wait for it."""
        return self.talk(b"", left)

    def talk(self, data, left):
        """Send data and return the line that comes back, None at the end.

        Raises
        ------
        ChildError
            If something came unasked, or the line is too long; and what `left` raises.
        """
        if data and (self._found or self._has_come()):
            raise ChildError(NO_RESULT)
        rest = memoryview(data)
        while True:
            poll = select.poll()
            poll.register(self._replies, select.POLLIN)
            if rest:
                poll.register(self._requests, select.POLLOUT)
            for descriptor, _ in poll.poll(1_000 * left()):
                if descriptor == self._requests:
                    rest = self._write(rest)
                elif not self._take():
                    return None
            if b"\n" in self._found[-CHUNK:]:
                return self._line(rest)

    def _line(self, rest):
        """Return the line that has come; nothing may be left of it, or of what is to be sent."""
        line, _, after = self._found.partition(b"\n")
        self._found = bytearray()
        if after or rest:
            raise ChildError(NO_RESULT)
        return bytes(line)

    def _has_come(self):
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        return any(event & select.POLLIN for _, event in poll.poll(0))

    def _write(self, rest):
        try:
            return rest[os.write(self._requests, rest) :]
        except BlockingIOError:
            return rest
        except OSError:  # it has ended: the other pipe tells
            return memoryview(b"")

    def _take(self):
        """Read what has come; return False at the end."""
        found = os.read(self._replies, CHUNK)
        self._found += found
        if len(self._found) > self._limit + 2:
            raise ChildError(NO_RESULT)
        return bool(found)

    def close(self):
        """Close both pipes."""
        os.close(self._requests)
        os.close(self._replies)


class ThreadedWire:
    """The pipes of a process, read and written by threads: Windows can watch no pipe."""

    def __init__(self, process, limit):
        self._process, self._limit = process, limit
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        """Put each line in the queue, and None at the end."""
        with (
            contextlib.suppress(OSError, ValueError),
            io.BufferedReader(self._process.stdout) as replies,
        ):
            while line := replies.readline(self._limit + 2):
                self._lines.put(line)
        self._lines.put(None)

    def _write(self, data):
        rest = memoryview(data)
        with contextlib.suppress(OSError, ValueError):
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def read(self, left):
        """Return the next line, None at the end; `left` says how long to wait for it."""
        while True:
            try:
                line = self._lines.get(timeout=left())
            except queue.Empty:
                left()
                continue
            if line is not None and not line.endswith(b"\n"):
                raise ChildError(NO_RESULT)
            return line

    def talk(self, data, left):
        """Send data and return the line that comes back, None at the end.

        Raises
        ------
        ChildError
            If something came unasked, or the line is too long; and what `left` raises.
        """
        if not self._lines.empty():
            early = self._lines.get()
            if early is None:
                return None
            raise ChildError(NO_RESULT)
        threading.Thread(target=self._write, args=[data], daemon=True).start()
        return self.read(left)

    def close(self):
        """Close the way in; the thread that reads closes the way out."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
