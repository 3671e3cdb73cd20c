"""Files on disk: reading with a stamp, and replacing all at once so that a file is never half written or lost."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

LARGEST = 16 * 1024 * 1024
"""Bytes in the largest file that is read or written: a graph of a hundred thousand nodes."""

BACKUP = ".bak"
"""What the previous version's name ends with."""

ADVICE = {
    errno.ENOENT: "check its name, and that the folder exists",
    errno.ENOTDIR: "check its name: a part of it is a file, not a folder",
    errno.EACCES: "ask for access to it, or use another folder",
    errno.EPERM: "ask for access to it, or use another folder",
    errno.EROFS: "the disk takes no changes: use another one",
    errno.ENOSPC: "free some space, or use another disk",
    errno.EDQUOT: "free some space, or use another disk",
    errno.EFBIG: "free some space, or use another disk",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "its links lead in a circle: use another name",
}


class FileError(ValueError):
    """A file that can't be read or written. The message names it, the place in it, and what to do."""


class ChangedOnDisk(FileError):
    """The file is not the one that was opened or saved last: somebody else has changed or deleted it."""


class Stamp(Struct, frozen=True):
    """What a file looked like when it was read or written, so that a change by others is noticed."""

    size: int
    changed: int
    """Modification time in nanoseconds."""
    digest: str


def read(path: Path) -> tuple[bytes, Stamp]:
    """The content of a file, and its stamp. Raises FileError."""
    with _plainly("opened", path):
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{path} is {_sort(found)}, not a file: choose a graph file")
        if found.st_size > LARGEST:
            raise FileError(
                f"{path} has {found.st_size // 2**20} MB, but a graph file has at most {LARGEST // 2**20}: "
                "this is another sort of file (weights belong in a .safetensors file beside it)"
            )
        data = path.read_bytes()
    return data, Stamp(len(data), found.st_mtime_ns, _digest(data))


def write(path: Path, data: bytes, expected: Stamp | None, backup: bool = True) -> Stamp:
    """Replace the file's content, or make the file; gives its new stamp.

    With `backup`, the previous version is kept beside it, its name ending in `BACKUP`. Permissions stay, and links are
    followed. With a stamp `expected`, raises ChangedOnDisk when the file is not that one any more; None replaces
    whatever is there. Raises FileError when it can't be done: the file is then as it was, and nothing is left lying
    about.
    """
    with _plainly("saved", path):
        target = Path(os.path.realpath(path))
        old = _present(target, expected)
        if old is not None and target.read_bytes() == data:
            return _stamp(target, data)
        return _replace(target, old, (data,), backup)


def write_parts(path: Path, parts: Iterable[bytes | memoryview]) -> Stamp:
    """Replace the file's content by parts that are made while they are written, as `write` does, without a backup."""
    with _plainly("saved", path):
        target = Path(os.path.realpath(path))
        return _replace(target, _present(target, None), parts, backup=False)


def _replace(target: Path, old: os.stat_result | None, parts: Iterable[bytes | memoryview], backup: bool) -> Stamp:
    new = _beside(target)
    digest = hashlib.sha256()
    try:
        with new.open("xb") as file:
            for part in parts:
                file.write(part)
                digest.update(part)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            new.chmod(stat.S_IMODE(old.st_mode))
            if backup:
                _keep(target)
        written = new.stat()
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return Stamp(written.st_size, written.st_mtime_ns, digest.hexdigest())


def _present(target: Path, expected: Stamp | None) -> os.stat_result | None:
    """The file that is about to be replaced, None for a new one. Raises when it must not be replaced."""
    try:
        found = target.stat()
    except FileNotFoundError:
        if expected is not None:
            raise ChangedOnDisk(
                f"{target} has been deleted or moved since: save it again or under another name"
            ) from None
        return None
    if not stat.S_ISREG(found.st_mode):
        raise FileError(f"{target} is {_sort(found)}, not a file: choose another name")
    if not found.st_mode & 0o222:
        raise FileError(f"{target} is marked as read-only: choose another name, or allow writing to it")
    if expected is not None and _differs(target, found, expected):
        raise ChangedOnDisk(
            f"{target} has been changed by another program since: "
            "save under another name, open it again, or replace that version"
        )
    return found


def _differs(target: Path, found: os.stat_result, expected: Stamp) -> bool:
    """Whether the content is another one. The time alone means little: copying or touching a file changes it."""
    if (found.st_size, found.st_mtime_ns) == (expected.size, expected.changed):
        return False
    return found.st_size != expected.size or _digest(target.read_bytes()) != expected.digest


def _keep(target: Path) -> None:
    """Keep the present version as the backup, by a second link to it or, where disks have none, by a copy."""
    spare = _beside(target)
    try:
        try:
            spare.hardlink_to(target)
        except OSError:
            shutil.copy2(target, spare)
        spare.replace(target.with_name(target.name + BACKUP))
    finally:
        spare.unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    """A name in the same folder that nobody uses."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}")


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # the file is saved; not every disk can do this
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _stamp(path: Path, data: bytes) -> Stamp:
    return Stamp(len(data), path.stat().st_mtime_ns, _digest(data))


def _sort(found: os.stat_result) -> str:
    return "a folder" if stat.S_ISDIR(found.st_mode) else "a device or pipe"


@contextlib.contextmanager
def _plainly(done: str, path: Path) -> Iterator[None]:
    """What the operating system complains about, in words for the user."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        advice = ADVICE.get(error.errno or 0, "try again, or use another folder")
        raise FileError(f"{path} can't be {done}: {reason}. What to do: {advice}") from error
