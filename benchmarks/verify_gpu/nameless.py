"""A report without what it is nobody's business to know: paths, names of users and machines, tokens."""

import getpass
import os
import platform
import re
from pathlib import Path
from typing import Any

SECRET_VARIABLE = re.compile(r"TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.I)
SECRET = re.compile(r"\b(?:hf|sk|ghp|github_pat|glpat)[_-][\w-]{10,}|(?<=Bearer )\S+|(?<=//)[^/\s@]+(?=@)")
PATH = re.compile(r"(?<![\w.:/<])(?:~|/)(?:[^\s/'\"`:,;()|<>]+/)*([^\s/'\"`:,;()|<>]+)")
SHORTEST = 3  # letters of a name that is looked for: a shorter one stands in every second word
COMMON = {"root", "user", "localhost", "runner", "python"}  # these name nobody


def nameless(found: Any) -> Any:
    """The same, with every text in it cleaned: of a path its last name stays, of a secret nothing."""
    if isinstance(found, dict):
        return {nameless(name): nameless(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [nameless(one) for one in found]
    return _cleaned(found) if isinstance(found, str) else found


def _cleaned(text: str) -> str:
    for name, value in os.environ.items():
        if SECRET_VARIABLE.search(name) and len(value) >= 8:
            text = text.replace(value, "<secret>")
    text = SECRET.sub("<secret>", text)
    text = PATH.sub(r"<path>/\1", text)
    for who, stands_for in ((_user(), "<user>"), (Path.home().name, "<user>"), (platform.node(), "<machine>")):
        if len(who) >= SHORTEST and who.lower() not in COMMON:
            text = re.sub(rf"(?<!\w){re.escape(who)}(?!\w)", stands_for, text, flags=re.I)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return ""
