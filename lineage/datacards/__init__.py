"""The parts of the cards stage: counting rows, putting the facts together, writing the cards, checking them."""
