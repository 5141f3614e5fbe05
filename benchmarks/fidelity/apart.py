"""One converter on one file in a process of its own: it may hang, crash or eat memory without harm to the others.

python -m benchmarks.fidelity.apart CONVERTER FILE RESULT    # what `convert_apart` starts
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fidelity.converted import Converted, from_json, to_json
from benchmarks.fidelity.converters import CONVERTERS

MEMORY = 6 << 30  # bytes of address space


def convert_apart(converter: str, path: Path, seconds: float) -> Converted:
    """What a converter makes of a file; an error, a crash, too long a time and no text at all are refusals."""
    with tempfile.TemporaryDirectory() as room:
        target = Path(room) / "converted.json"
        command = [sys.executable, "-m", __spec__.name, converter, str(path), str(target)]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds)
        except subprocess.TimeoutExpired:
            return Converted(refusal=f"timed out: more than {seconds:g} s")
        if done.returncode or not target.is_file():
            return Converted(refusal=f"crashed: exit {done.returncode}")
        made = from_json(json.loads(target.read_text(encoding="utf-8")))
    if made.refusal is None and not any(block.strip() for block in made.blocks):
        return Converted(refusal="no text")
    return made


def main() -> None:
    """Convert and write the result; an error that Python reports is a refusal with its words."""
    name, path, target = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if name == CONVERTERS[0].name:  # as in its worker, which has no use for a layout model
        sys.modules.update({"pymupdf.layout": None, "pymupdf4llm": None})  # type: ignore[dict-item]
    read = {converter.name: converter.read for converter in CONVERTERS}[name]
    try:
        made = read(Path(path))
    except Exception as error:
        made = Converted(refusal=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    Path(target).write_text(json.dumps(to_json(made)), encoding="utf-8")


if __name__ == "__main__":
    main()
