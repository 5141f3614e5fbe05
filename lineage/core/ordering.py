"""An order in which nothing comes before what it stands on."""

from collections.abc import Collection, Mapping
from heapq import heappop, heappush


def parents_first(before: Mapping[str, Collection[str]]) -> list[str]:
    """All names, each after those that it waits for, otherwise as they are written. What waits in a circle is left out.

    before: name → the names that it waits for, all of them keys.
    """
    names = list(before)
    place = {name: number for number, name in enumerate(names)}
    waits = {name: len(ones) for name, ones in before.items()}
    after: dict[str, list[str]] = {name: [] for name in names}
    for name, ones in before.items():
        for one in ones:
            after[one].append(name)
    ready = [place[name] for name in names if not waits[name]]
    order: list[str] = []
    while ready:
        order.append(names[heappop(ready)])
        for one in after[order[-1]]:
            waits[one] -= 1
            if not waits[one]:
                heappush(ready, place[one])
    return order
