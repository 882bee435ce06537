"""The child process that runs a student's code: requests in, plain data out, one JSON a line.

It is started as a script with nothing but `utils` within its reach, holds no expected result, and
is told one case at a time. What the student's code prints goes nowhere; the pipes of the protocol
are moved away from standard input and output before any of it runs.
"""

import json
import os
import sys
import threading
import time

MAX_TRACEBACK = 1_000


def main():
    """Serve requests until the parent closes the pipe."""
    settings = json.loads(os.environ.pop("PROBE"))
    requests, replies = take_pipes()
    leave_repository()
    limit_resources(settings)
    watch_parent(os.getppid())
    shell = make_shell()
    send(replies, {"number": 0, "ready": True}, settings["reply"])
    for line in requests:
        request = json.loads(line)
        reply = answer(shell, request) | {"number": request["number"]}
        send(replies, reply, settings["reply"])


def take_pipes():
    """Return the pipes of the protocol; standard input and output become the null device."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False)
    return requests, replies


def leave_repository():
    """Take the teacher's side off the import path (an editable install puts it there)."""
    hidden = ("autograder", "nbgrader_config.py")
    sys.path[:] = [
        folder for folder in sys.path if not any(os.path.exists(f"{folder}/{h}") for h in hidden)
    ]


def limit_resources(settings):
    """Limit memory, processor time and file size, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in settings["resources"].items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (wanted, wanted))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS but does not set it
            continue


def watch_parent(parent):
    """End this process soon after its parent ended."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_shell():
    """Return an IPython shell without history, tracebacks or graphics."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_matplotlib(self, gui=None):
            return gui, "agg"

        def enable_gui(self, gui=None):
            pass

        def showtraceback(self, *args, **kwargs):
            pass

        def showsyntaxerror(self, *args, **kwargs):
            pass

    return Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))


def answer(shell, request):
    """Carry out one request."""
    if request["do"] == "run":
        return run(shell, request["source"])
    return observe_case(shell, request)


def run(shell, source):
    """Run the source of a cell; return the type and the line of its error, if it ends with one."""
    try:
        result = shell.run_cell(source, store_history=False)
    except BaseException as error:  # an async cell that was cancelled, a signal
        return {"error": type(error).__name__, "line": 0}
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return {}
    return {"error": type(error).__name__[:100], "line": line_of(error)}


def line_of(error):
    """Return the line of a cell at which an error came up, 0 where it is not known."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    step, count = error.__traceback__, 0
    while step is not None and count < MAX_TRACEBACK:
        code = step.tb_frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith("<ipython-input"):
            return step.tb_lineno
        step, count = step.tb_next, count + 1
    return 0


def observe_case(shell, request):
    """Run one case on an answer and return the record, or that there is no such name."""
    from utils.checking.codec import decode, encode
    from utils.checking.drivers import describe, observe_results

    target = shell.user_ns.get(request["name"])
    if target is None:
        return {"missing": True}
    inputs = decode(request["inputs"])
    try:
        record = observe_results(request["driver"], target, inputs)
    except BaseException as error:  # what even the driver lets through, such as KeyboardInterrupt
        record = {
            "raised": describe(error),
            "changed": {},
            "shares": [],
            "printed": "",
            "warned": [],
        }
    return {"record": encode(record, packed=True)}


def send(replies, reply, limit):
    """Send one reply; in place of one that is too long, say so."""
    text = json.dumps(reply, allow_nan=False)
    if len(text) > limit:
        text = json.dumps({"number": reply["number"], "long": len(text)})
    replies.write(text + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
