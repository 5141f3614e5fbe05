"""A rough cost before it starts: what training a version takes, in steps, tokens, seconds, memory and disk."""
