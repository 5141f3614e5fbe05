"""Answers one after another, in a thread of their own: the server goes on listening while the model speaks.

Who waits, waits in the order of asking. Who goes away is not answered further, and who had not begun, not at all.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from lineage.chat.speaking import Listener, Turns, must_fit
from lineage.chat.voices import Voices
from lineage.evaluation import answering
from lineage.evaluation.sampled_decoding import Manner
from lineage.serving.refusals import RequestRefused
from lineage.serving.token_chances import TokenChances, overheard

MOST_WAITING = 512  # more are told to come again

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """What is said so far. chances: of its tokens since the piece before, where they are asked for."""

    text: str
    chances: tuple[TokenChances, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer. stopped: it ended by itself. asked, said: tokens of the question and of the answer.

    chances: of its tokens since the last piece, the stop among them.
    """

    text: str
    stopped: bool
    asked: int
    said: int
    chances: tuple[TokenChances, ...] = ()


class _GoneError(Exception):
    """Nobody listens any more."""


class Speaker:
    """The one thread that asks the model."""

    def __init__(self, voices: Voices) -> None:
        self._voices, self._waiting = voices, 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speaker")

    async def between_answers(self, work: Callable[[], Result]) -> Result:
        """Do something that no answer may overlap."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def answer(
        self, voice: str, turns: Turns, tokens: int, manner: Manner | None, chances: int | None = None
    ) -> AsyncIterator[SaidSoFar | Spoken]:
        """What is said so far, each time longer, and last the whole.

        Args:
            voice: who is asked.
            turns: the conversation, to the question.
            tokens: the answer's length at most.
            manner: how it is drawn; None: greedily, as `lineage ask` does.
            chances: how many of the likeliest tokens are told beside each; None: no chances.

        Raises:
            RequestRefused: too many wait already.
            LineageError: the turns are too long for the base, or spell a control token of its tokenizer.
        """
        if self._waiting >= MOST_WAITING:
            raise RequestRefused(503, f"{self._waiting} requests wait already; ask again later", code="overloaded")
        loop, pieces, gone = asyncio.get_running_loop(), asyncio.Queue[SaidSoFar | None](), threading.Event()

        def show(piece: SaidSoFar) -> None:
            if gone.is_set():
                raise _GoneError
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def ended(work: asyncio.Future[Spoken]) -> None:
            if not work.cancelled():
                work.exception()  # seen, also where nobody listens any more
            pieces.put_nowait(None)

        self._waiting += 1
        work = loop.run_in_executor(self._thread, self._speak, voice, turns, tokens, manner, chances, show)
        work.add_done_callback(ended)
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            yield await work
        finally:
            gone.set()
            work.cancel()
            self._waiting -= 1

    def _speak(
        self,
        voice: str,
        turns: Turns,
        tokens: int,
        manner: Manner | None,
        chances: int | None,
        show: Callable[[SaidSoFar], None],
    ) -> Spoken:
        asked = must_fit(self._voices, turns, tokens)
        show(SaidSoFar(""))  # it can be asked; where nobody listens any more, it is not
        with self._voices.speaking(voice) as model, overheard(model, chances) as hearing:
            heard: Callable[[], tuple[TokenChances, ...]] = hearing.taken if hearing else tuple
            listener = Listener(self._voices.tokenizer, lambda text: show(SaidSoFar(text, heard())))

            def hear(token: int) -> None:
                if hearing:
                    hearing.hear(token)
                listener.hear(token)

            (found,) = answering.answers(model, self._voices.tokenizer, [turns], [tokens], hear, manner)
        return Spoken(found.text, found.ending == "stopped", asked, len(listener.heard), heard())

    def close(self) -> None:
        """End without those who wait."""
        self._thread.shutdown(wait=False, cancel_futures=True)
