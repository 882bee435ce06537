"""Show a folder in this machine's browsers, and to nobody else."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

PORT = 8765  # the next free one from here on


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and tells nothing of each request."""

    def log_message(self, *words):
        """Say nothing."""


def make_server(folder, first=PORT):
    """Return a server of a folder on 127.0.0.1, at the first free port.

    Raises
    ------
    OSError
        If twenty ports in a row are taken.
    """
    handler = partial(Quiet, directory=str(folder))
    for port in range(first, first + 20):
        try:
            return ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError as error:
            problem = error
    raise problem


def serve(folder):
    """Serve a folder until the user stops it."""
    with make_server(folder) as server:
        print(f"Open http://127.0.0.1:{server.server_port}/ (stop with Ctrl+C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
