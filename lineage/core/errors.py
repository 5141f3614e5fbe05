"""The one kind of error that is meant for people: what happened, where, and what to do next."""


class LineageError(Exception):
    """A mistake in the curriculum, the data or the workspace. Its text is shown without a traceback."""

    exit_code = 1


class Preempted(LineageError):
    """Stopped from outside with nothing lost: the same command goes on from there."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later
