"""The one kind of error that is meant for people: what happened, where, and what to do next."""

import errno
from pathlib import Path


class LineageError(Exception):
    """A mistake in the curriculum, the data or the workspace. Its text is shown without a traceback."""

    exit_code = 1


class Preempted(LineageError):
    """Stopped from outside with nothing lost: the same command goes on from there."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


def of_the_disk(error: OSError) -> LineageError | None:
    """The sentence for what a file system refused: permissions, no room, a link or file where a folder belongs.

    None: it is no such thing, and may be a mistake of ours.
    """
    if not isinstance(error.filename, str | bytes):
        return LineageError("no space is left on this disk: make room") if error.errno == errno.ENOSPC else None
    place = Path(str(error.filename))
    what = {
        errno.EACCES: "it may not be read or written by this user: see `ls -ld` of it and of its folder",
        errno.EPERM: "it may not be changed by this user: see `ls -ld` of it and of its folder",
        errno.EROFS: "its disk is read-only",
        errno.ENOSPC: "no space is left on its disk: make room",
        errno.EEXIST: "here belongs a folder, but there is a file, or a link that leads nowhere: move it away",
        errno.ENOTDIR: "a file, or a link that leads nowhere, stands where a folder belongs: move it away",
        errno.ELOOP: "a link that leads to itself: move it away",
        errno.ENAMETOOLONG: "its name is too long for this disk",
    }.get(error.errno or 0)
    if error.errno == errno.ENOENT:
        link = next((one for one in (place, *place.parents) if one.is_symlink()), None)
        what = f"{link} is a link that leads nowhere: move it away, or bring back what it leads to" if link else None
    return LineageError(f"{place}: {what}") if what else None
