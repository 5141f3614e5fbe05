"""`lineage ui --watch`: raw files of one's own that appear are brought in by a run that nobody has to start.

Whether files are new says DVC, by what the stages have read, and no event: so it does not matter what was copied while
nothing watched, and what a run writes itself starts none. The folders are only looked at (names, sizes, times); DVC is
asked once what lies there has been at rest for a while. One run brings in all that came together.
"""

import threading
import time
from collections.abc import Callable

import httpx
from prefect.exceptions import PrefectException

from flows.deployment_names import deployment_name
from flows.new_files import News, RawFiles, news, raw_files
from flows.new_files_run import ask_for_runs
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line

EVERY = 5.0  # seconds between two looks; more where a look takes long
SHARE = 20  # a look is at most this part of the time
AT_REST = 10.0  # seconds for which nothing has changed: a copy is over then
AGAIN = 60.0  # seconds until DVC is asked again, where a run is reading these folders now
UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp")  # as programs name what they fetch


def watch_raw(flows: list[str]) -> None:
    """Watch in a thread, from now until this process ends.

    flows: the deployments that new files start, one after another.
    """
    watch = RawWatch(lambda found, files: ask_for_runs(flows, found, files))
    threading.Thread(target=watch.forever, daemon=True).start()


class RawWatch:
    """What was seen of the raw files when. start: is given what is new, and all files by which that was judged."""

    def __init__(self, start: Callable[[News, RawFiles], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._clock = clock
        self._seen: RawFiles | None = None
        self._since = 0.0
        self._judged: RawFiles | None = None
        self._not_before = 0.0
        self._said = ""

    def forever(self) -> None:
        """Look again and again; what stands in the way is said once, and the next look tries again."""
        while True:
            begun = self._clock()
            try:
                self._say(self.look())
            except (LineageError, httpx.HTTPError, PrefectException, OSError) as error:
                self._say(f"new raw files wait: {one_line(error)}")
            time.sleep(max(EVERY, SHARE * (self._clock() - begun)))

    def look(self) -> str:
        """Look once, and start what is to be started; what is to be said of it.

        Raises:
            LineageError: params.yaml is wrong at present, or DVC refuses to say.
        """
        c = load_curriculum()
        if c.data != "own":  # the sample world is written by a stage
            self._seen = self._judged = None
            return f"no raw files are watched: params.yaml says `data: {c.data}`, which a stage writes"
        files, now = raw_files(c), self._clock()
        if files != self._seen:
            self._seen, self._since = files, now
        if files == self._judged or now - self._since < AT_REST or now < self._not_before:
            return self._said
        if unfinished := [path for path in files if path.suffix in UNFINISHED]:
            return f"new raw files wait: {one_line(unfinished[0])} is still being fetched, by its name"
        return self._judge(c, files)

    def _judge(self, c: Curriculum, files: RawFiles) -> str:
        before = self._judged
        touched = {path for path, how in files.items() if before is not None and before.get(path) != how}
        found = news(c, files, touched)
        if found is None:
            self._not_before = self._clock() + AGAIN
            return self._said
        said = self._start(found, files) if found else f"raw files are watched, {len(files):,} are known"
        self._judged = files
        return said

    def _say(self, text: str) -> None:
        if text and text != self._said:
            print(text, flush=True)
        self._said = text


def flows_of(asked: str | None) -> list[str]:
    """The deployments that `--watch` names; none without it."""
    ingest, rebuild = f"ingest/{deployment_name('ingest')}", f"lineage/{deployment_name('rebuild')}"
    return {None: [], "ingest": [ingest], "rebuild": [ingest, rebuild]}[asked]
