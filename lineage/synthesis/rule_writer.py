"""Questions by rule, without any model: figures and terms of a text left out, definitions, figures of tables.

    Cloze(per_record=2, seed=1).propose(reference)     # at most two, no two about the same sentence

Figures come first (of tables, then of sentences), then definitions, dates, other terms; which of them, the seed says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lineage.synthesis.gap_questions import GAP, figure_gaps, term_gaps
from lineage.synthesis.proposal import Proposal, Reference, Written, draws
from lineage.synthesis.table_questions import table_questions
from lineage.synthesis.term_questions import term_questions


@dataclass(frozen=True, slots=True)
class Cloze:
    """The writer that needs no model."""

    per_record: int
    seed: int
    parallel: int = 1

    def by(self) -> dict[str, str]:
        """Who wrote a row."""
        return {"kind": "cloze"}

    def propose(self, reference: Reference) -> Written:
        """At most `per_record` questions about a reference."""
        return Written(list(islice(self._all(reference), self.per_record)))

    def _all(self, reference: Reference) -> Iterator[Proposal]:
        named = bool(reference.name) and not reference.term
        figures: list[Proposal] = []
        dates: list[Proposal] = []
        for proposal in figure_gaps(reference, self.seed) if named else ():
            (dates if proposal.dated else figures).append(proposal)
        terms = list(term_gaps(reference, self.seed)) if named else []
        kinds = [list(table_questions(reference, self.seed)), figures, list(term_questions(reference)), dates, terms]
        chance = draws(self.seed, reference.record)
        asked: set[str] = set()
        for found in kinds:
            chance.shuffle(found)
            for proposal in found:
                about = proposal.sentence.replace(GAP, proposal.answer) or proposal.question
                if about not in asked:
                    asked.add(about)
                    yield proposal
