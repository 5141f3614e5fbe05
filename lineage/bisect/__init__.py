"""Which version, and which source in its mix, broke or taught an answer: over stored results, then by variants."""
