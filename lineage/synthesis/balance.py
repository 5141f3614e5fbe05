"""The counts of `generate`: what came in and what became of it, which must balance; tokens and costs."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lineage.readers.text.multiple_choice import LETTERS
from lineage.synthesis.filters import is_longest
from lineage.synthesis.proposal import Proposal


@dataclass
class GenerationCounts:
    """What was counted: records == used + skipped, made == kept + rejected."""

    records: int = 0
    used: int = 0
    made: int = 0
    kept: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unpriced: int = 0
    costs: dict[str, Decimal] = field(default_factory=dict)
    answers: set[int] = field(default_factory=set)  # keys, 8 bytes each
    texts: set[int] = field(default_factory=set)

    def keep(self, proposal: Proposal) -> None:
        """Count a row that is kept."""
        self.kept += 1
        if proposal.correct is not None:
            self.letters[LETTERS[proposal.correct]] += 1
            self.longest += is_longest(proposal)

    def is_new(self, answer: dict[str, Any]) -> bool:
        """Count an answer of an endpoint, unless two references share it."""
        key = int(answer["key"][:16], 16)
        if key in self.answers:
            return False
        self.answers.add(key)
        self.tokens_in += answer["tokens_in"]
        self.tokens_out += answer["tokens_out"]
        if "cost" in answer:
            before = self.costs.get(answer["currency"], Decimal(0))
            self.costs[answer["currency"]] = before + Decimal(str(answer["cost"]))
        else:
            self.unpriced += 1
        return True

    def counts(self, name: str, by: dict[str, str]) -> dict[str, Any]:
        """The content of generate.json."""
        assert self.records == self.used + sum(self.skipped.values()), f"{name}: the records do not balance: {self}"
        assert self.made == self.kept + sum(self.rejected.values()), f"{name}: the rows do not balance: {self}"
        return {
            "source": name,
            "by": by,
            "records": self.records,
            "used": self.used,
            "skipped": dict(sorted(self.skipped.items())),
            "made": self.made,
            "kept": self.kept,
            "rejected": dict(sorted(self.rejected.items())),
            "multiple_choice": {
                "rows": sum(self.letters.values()),
                "right_letters": dict(sorted(self.letters.items())),
                "right_is_longest": self.longest,
            },
            "endpoint": {
                "answers": len(self.answers),
                "tokens_in": self.tokens_in,
                "tokens_out": self.tokens_out,
                "costs": {currency: float(paid) for currency, paid in sorted(self.costs.items())},
                "answers_without_a_price": self.unpriced,
            },
        }


def paid(endpoint: dict[str, Any]) -> str:
    """Answers, tokens and costs in words, to be said after something else."""
    if not endpoint["answers"]:
        return ""
    costs = "".join(f", {paid:,.4f} {currency}" for currency, paid in endpoint["costs"].items())
    tokens = f"{endpoint['tokens_in']:,} tokens in, {endpoint['tokens_out']:,} out"
    return f"; {endpoint['answers']:,} answers, {tokens}{costs}"
