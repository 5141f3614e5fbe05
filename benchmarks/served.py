"""A running `lineage serve`, asked as clients ask it: what an adapter costs, a hundred clients at once, a kill.

    lineage serve --port 8000 &              # in the workspace
    python -m benchmarks.served http://127.0.0.1:8000/v1 v1 $!

What a user waits for: until the first piece of an answer, and from there to its end, which is divided by its tokens,
since versions answer at other lengths. The base and the version are asked by turns, so that both meet the same load.

Of the hundred each fifth is wrong, and is refused by its field; each tenth goes away in the middle of its stream. The
others must hear what they hear alone. Then a hundred ask, and once ten are answered, the process that answers is
killed; these clients are OpenAI's as they come, which ask again by themselves.
"""

import asyncio
import statistics
import sys
import time
from typing import Any

import openai
import psutil

QUESTIONS = ("단기 예금의 뜻을 설명하시오.", "금리는 무엇입니까?", "상장의 뜻은?")
TOKENS, ALONE, TOGETHER = 48, 30, 100
FIRST, REST = "to the first piece", "a token from there on"


async def main(address: str, version: str, server: str = "") -> None:
    """Print the figures. address: of the server. version: one with an adapter. server: its process; none: no kill."""
    client = openai.AsyncOpenAI(base_url=address, api_key="none", max_retries=0, timeout=600)
    await waited_for(client, version)
    await hundred_at_once(client, version)
    if server:
        asks_again = openai.AsyncOpenAI(base_url=address, api_key="none", timeout=600)
        await killed_meanwhile(asks_again, version, psutil.Process(int(server)))


async def ask(client: openai.AsyncOpenAI, model: str, question: str, **more: Any) -> Any:
    """An answer, or its stream."""
    turns: Any = [{"role": "user", "content": question}]
    return await client.chat.completions.create(model=model, messages=turns, max_tokens=TOKENS, **more)


async def waited_for(client: openai.AsyncOpenAI, version: str) -> None:
    """Print how long the version's answers take beside the base's."""
    waits: dict[tuple[str, str], list[float]] = {(what, who): [] for what in (FIRST, REST) for who in ("base", version)}
    for number in range(-1, ALONE):  # the first round is not counted: it opens the connection
        for model in ("base", version):
            began, first, tokens = time.perf_counter(), 0.0, 0
            async for event in await ask(
                client, model, QUESTIONS[number % 3], stream=True, stream_options={"include_usage": True}
            ):
                if not first and event.choices and event.choices[0].delta.content:
                    first = time.perf_counter()
                tokens = event.usage.completion_tokens if event.usage else tokens
            if number >= 0 and first and tokens > 1:
                waits[FIRST, model] += [first - began]
                waits[REST, model] += [(time.perf_counter() - first) / (tokens - 1)]
    for what in (FIRST, REST):
        middle, spread = {}, {}
        for model in ("base", version):
            low, middle[model], high = (1000 * ms for ms in statistics.quantiles(waits[what, model], n=4))
            spread[model] = f"{model} {middle[model]:.2f} ms ({low:.2f} to {high:.2f})"
        share = middle[version] / middle["base"]
        print(f"{what}: {version} {share:.2f} × the base; {', '.join(spread.values())}; medians, quartiles of {ALONE}")


async def hundred_at_once(client: openai.AsyncOpenAI, version: str) -> None:
    """Print what a hundred clients hear that ask at the same time."""
    began = time.perf_counter()
    alone = [(await ask(client, version, question)).choices[0].message.content for question in QUESTIONS]
    one = (time.perf_counter() - began) / len(QUESTIONS)

    async def client_number(number: int) -> str:
        question = QUESTIONS[number % 3]
        if number % 5 == 0:
            try:
                await ask(client, version, question, temperature=9)
            except openai.BadRequestError as error:
                return "refused by its field" if error.param == "temperature" else "refused otherwise"
        if number % 10 == 1:
            stream = await ask(client, "base", question, stream=True)
            await anext(aiter(stream))
            await stream.close()
            return "went away"
        heard = (await ask(client, version, question)).choices[0].message.content
        return "as alone" if heard == alone[number % 3] else "OTHER"

    began = time.perf_counter()
    told = await asyncio.gather(*map(client_number, range(TOGETHER)))
    seconds = time.perf_counter() - began
    counts = {said: told.count(said) for said in sorted(set(told))}
    print(f"{TOGETHER} at once: {counts}, in {seconds / one:.0f} × the time of one answer")


async def killed_meanwhile(client: openai.AsyncOpenAI, version: str, server: psutil.Process) -> None:
    """Print what a hundred clients hear of whom the first ten are answered when the process that answers is killed."""
    (worker,) = server.children()
    alone = [(await ask(client, version, question)).choices[0].message.content for question in QUESTIONS]
    told: list[str] = []
    killed, next_one = 0.0, 0.0

    async def client_number(number: int) -> None:
        nonlocal killed, next_one
        try:
            heard = (await ask(client, version, QUESTIONS[number % 3])).choices[0].message.content
            told.append("as alone" if heard == alone[number % 3] else "OTHER")
        except openai.APIError as error:
            told.append(type(error).__name__)
        if killed and not next_one:
            next_one = time.perf_counter()
        if len(told) == TOGETHER // 10:
            worker.kill()
            killed = time.perf_counter()

    await asyncio.gather(*map(client_number, range(TOGETHER)))
    counts = {said: told.count(said) for said in sorted(set(told))}
    print(f"killed meanwhile: {counts}; the next answer {next_one - killed:.1f} s after the kill")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
