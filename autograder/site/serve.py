"""Show a folder in this machine's browsers, and to nobody else."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

PORT = 8765  # the next free one from here on
TYPES = {  # Windows' registry may say otherwise, and browsers run no module that is text/plain
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and tells nothing of each request."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def log_message(self, *words):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes a port that is free: with this option, Windows would share one that is taken."""

    allow_reuse_address = os.name != "nt"


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
            return Server(("127.0.0.1", port), handler)
        except OSError as error:
            problem = error
    raise OSError(f"no free port from {first} to {port}: stop a program that has one") from problem


def serve(folder):
    """Serve a folder until the user stops it."""
    with make_server(folder) as server:
        print(f"Open http://127.0.0.1:{server.server_port}/ (stop with Ctrl+C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
