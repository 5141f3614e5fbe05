"""Records → a version's training rows: what is taken, what is left out and why, what is repeated."""
