"""A version on every held-out set: likelihoods, answers, measures."""
