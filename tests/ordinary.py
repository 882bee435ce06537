"""Run a command as another user, as a test that is root can: `ordinary.py user open|closed …`.

With "closed" the user cannot make a namespace, as in many containers. The folders that hold
Python and the repository are shown to the user even where root keeps them to itself.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

from autograder.sandbox import confine, seccomp


def main():
    """Become the user and run the command."""
    user, access, *command = sys.argv[1:]
    confine._unshare(confine._NEWNS, "a mount namespace")
    confine._mount(None, "/", None, confine._REC | confine._PRIVATE)
    needed = {sys.base_prefix, sys.prefix, str(Path(__file__).parent.parent)}
    kept = os.environ["TMPDIR"]
    for folder in sorted(private(needed)):
        uncover(folder, needed, kept)
    os.setgroups([])
    os.setresgid(int(user), int(user), int(user))
    os.setresuid(int(user), int(user), int(user))
    if access == "closed":
        close_namespaces()
    os.execv(command[0], command)


def private(paths):
    """Return the folders above these paths that only root may enter."""
    above = {parent for path in paths for parent in Path(path).parents}
    return [folder for folder in above if not folder.stat().st_mode & 0o001]


def uncover(folder, needed, kept):
    """Put an open folder in the place of one, with what is needed in it."""
    inside = [path for path in sorted(needed) if Path(path).is_relative_to(folder)]
    for number, path in enumerate(inside):
        copy = Path(kept) / f"kept-{number}"
        copy.mkdir()
        confine._mount(path, str(copy), None, confine._BIND | confine._REC)
    confine._mount("open", str(folder), "tmpfs", 0, "mode=755")
    for number, path in enumerate(inside):
        Path(path).mkdir(parents=True)
        confine._mount(f"{kept}/kept-{number}", path, None, confine._BIND | confine._REC)


def close_namespaces():
    """Refuse unshare(2) from now on."""
    number = seccomp.numbers(seccomp._REFUSED, os.uname().machine)["unshare"]
    program = b"".join(
        [
            seccomp._jump(seccomp._LOAD, seccomp._NUMBER),
            seccomp._jump(seccomp._EQUAL, number, 0, 1),
            seccomp._jump(seccomp._RETURN, seccomp._ERROR | 1),
            seccomp._jump(seccomp._RETURN, seccomp._ALLOW),
        ]
    )
    confine._prctl("no_new_privs", confine._PR_NO_NEW_PRIVS, 1)
    kept = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    confine._syscall("seccomp", confine._SECCOMP[os.uname().machine], 1, 0, header)


if __name__ == "__main__":
    main()
