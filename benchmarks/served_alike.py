"""Two running servers of the same versions, asked the same: in how many answers they differ, and from where on.

    lineage serve v6 --engine vllm --port 8001 &
    lineage serve v6 --engine transformers --port 8002 &
    python -m benchmarks.served_alike http://127.0.0.1:8001/v1 http://127.0.0.1:8002/v1 v6

Questions are those of the held-out sets of the workspace, answers greedy. Engines add up in another order, so that in
half precision some answers part somewhere; with another adapter, template or stop nearly all do, at the first words.
"""

import asyncio
import statistics
import sys
from os.path import commonprefix
from typing import Any

import openai

from lineage.evaluation.heldout import heldout_sets

TOKENS, OF_A_SET, TOGETHER = 64, 10, 8


async def main(one: str, other: str, version: str) -> None:
    """Print the figures. one, other: addresses of servers. version: who is asked, at both."""
    clients = [openai.AsyncOpenAI(base_url=address, api_key="none", timeout=600) for address in (one, other)]
    asked = [record.turns[:-1] for found in heldout_sets(OF_A_SET) for record in found.records]
    turn = asyncio.Semaphore(TOGETHER)

    async def said(client: openai.AsyncOpenAI, turns: Any) -> str:
        async with turn:
            found = await client.chat.completions.create(model=version, messages=list(turns), max_tokens=TOKENS)
        return found.choices[0].message.content or ""

    pairs = await asyncio.gather(*[asyncio.gather(*[said(client, turns) for client in clients]) for turns in asked])
    part = [len(commonprefix(pair)) for pair in pairs if pair[0] != pair[1]]
    where = f"; the others part after {statistics.median(part):.0f} characters (median)" if part else ""
    print(f"{version}: {len(pairs) - len(part)} of {len(pairs)} answers are the same{where}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
