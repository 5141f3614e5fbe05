"""The one kind of error that is meant for people: what happened, where, and what to do next."""


class LineageError(Exception):
    """A mistake in the curriculum, the data or the workspace. Its text is shown without a traceback."""
