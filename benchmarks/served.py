"""A running `lineage serve`, asked as clients ask it: with and without an adapter, and a hundred at once.

    lineage serve --port 8000                # in the workspace
    python -m benchmarks.served http://127.0.0.1:8000/v1 v1

Of the hundred each fifth is wrong, and is refused by its field; each tenth goes away in the middle of its stream. The
others must hear what they hear alone.
"""

import asyncio
import statistics
import sys
import time
from itertools import pairwise
from typing import Any

import openai

QUESTIONS = ("단기 예금의 뜻을 설명하시오.", "금리는 무엇입니까?", "상장의 뜻은?")
TOKENS, ALONE, TOGETHER = 48, 10, 100


async def main(address: str, version: str) -> None:
    """Print the figures. address: of the server. version: one with an adapter."""
    client = openai.AsyncOpenAI(base_url=address, api_key="none", max_retries=0, timeout=600)

    async def ask(model: str, question: str, **more: Any) -> Any:
        turns: Any = [{"role": "user", "content": question}]
        return await client.chat.completions.create(model=model, messages=turns, max_tokens=TOKENS, **more)

    between: dict[str, list[float]] = {"base": [], version: []}  # two pieces of a stream, seconds
    for model in ("base", version, "base", version):
        for number in range(ALONE):
            pieces = [time.perf_counter() async for _ in await ask(model, QUESTIONS[number % 3], stream=True)][1:-1]
            between[model] += [later - earlier for earlier, later in pairwise(pieces)]
    base, adapted = (statistics.median(between[model]) for model in ("base", version))
    print(f"between two pieces of a stream: {version} {adapted / base:.2f} × the base ({1000 * base:.1f} ms here)")

    began = time.perf_counter()
    alone = [(await ask(version, question)).choices[0].message.content for question in QUESTIONS]
    one = (time.perf_counter() - began) / len(QUESTIONS)

    async def client_number(number: int) -> str:
        question = QUESTIONS[number % 3]
        if number % 5 == 0:
            try:
                await ask(version, question, temperature=9)
            except openai.BadRequestError as error:
                return "refused by its field" if error.param == "temperature" else "refused otherwise"
        if number % 10 == 1:
            stream = await ask("base", question, stream=True)
            await anext(aiter(stream))
            await stream.close()
            return "went away"
        return "as alone" if (await ask(version, question)).choices[0].message.content == alone[number % 3] else "OTHER"

    began = time.perf_counter()
    told = await asyncio.gather(*map(client_number, range(TOGETHER)))
    seconds = time.perf_counter() - began
    counts = {said: told.count(said) for said in sorted(set(told))}
    print(f"{TOGETHER} at once: {counts}, in {seconds / one:.0f} × the time of one answer")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
