"""Files as they are written: whole or not at all. Never reads a description and never decides what a file holds."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from os import PathLike

from symbackprop.errors import OutsideError


def write_whole(path: str | PathLike[str], content: str | bytes) -> None:
    """Puts a file in place: written beside it first, then renamed. Text becomes UTF-8 with ``\\n``.

    A link stays, and the file that it leads to is replaced; a file's permissions stay. What is no file
    (``/dev/stdout``, a pipe) is written to. Raises OutsideError with the fix.
    """
    shown = os.fspath(path)
    try:
        data = content.encode("utf-8") if isinstance(content, str) else content
        place = os.path.realpath(shown)
        mode = _mode(place)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), shown)
        if mode is not None and not stat.S_ISREG(mode):
            _written_through(shown, data)
        else:
            _replace(place, data, mode)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise OutsideError(_told(shown, error)) from error


def make_folder(path: str | PathLike[str]) -> None:
    """Makes a folder, and those above it, unless it is there."""
    shown = os.fspath(path)
    try:
        os.makedirs(shown, exist_ok=True)
    except FileExistsError as error:
        raise OutsideError(f"{shown}: is a file, and a folder of that name is needed; move it away") from error
    except (OSError, ValueError) as error:
        raise OutsideError(_told(shown, error)) from error


def _mode(place: str) -> int | None:
    """The kind and permissions of what is there; None if nothing is."""
    try:
        return os.stat(place).st_mode
    except FileNotFoundError:
        return None


def _written_through(place: str, data: bytes) -> None:
    with open(place, "wb") as file:
        file.write(data)


def _replace(place: str, data: bytes, mode: int | None) -> None:
    if place.endswith(("/", os.sep)) or not os.path.basename(place):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
    if mode is not None and not os.access(place, os.W_OK):
        raise PermissionError(errno.EROFS, "is write-protected", place)
    beside = os.path.join(os.path.dirname(place), f".symbackprop-{secrets.token_hex(8)}.part")
    # Nobody else's file is there, and a file that others may not read is never readable on the way.
    opened = os.open(
        beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666 if mode is None else 0o600
    )
    try:
        with open(opened, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, place)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def _told(shown: str, error: OSError | ValueError) -> str:
    """The failure in the user's words, with what to do."""
    folder = os.path.dirname(shown) or "."
    kind = getattr(error, "errno", None)
    sharing = getattr(error, "winerror", None) in (5, 32, 33)
    if isinstance(error, IsADirectoryError) or os.path.isdir(shown):
        return f"{shown}: is a folder; give the name of a file in it"
    if isinstance(error, FileNotFoundError | NotADirectoryError) and not os.path.isdir(folder):
        return f"{shown}: there is no folder {folder}; make it first, or choose another place"
    if kind == errno.EROFS or "write-protected" in str(error):
        return f"{shown}: is write-protected; choose another name, or allow writing to it"
    if isinstance(error, PermissionError) and (sharing or os.path.isfile(shown)):
        return f"{shown} is open in another program, or it may not be replaced; close it there, or choose another name"
    if isinstance(error, PermissionError):
        return f"{shown}: writing in the folder {folder} is not permitted; choose another place"
    if kind in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return f"{shown}: the disk is full; nothing was changed"
    if kind == errno.ENAMETOOLONG:
        return f"{shown[:60]}...: the name is too long; choose a shorter one"
    return f"{shown}: cannot be written: {getattr(error, 'strerror', None) or error}"
