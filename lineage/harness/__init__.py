"""Our held-out sets as tasks of lm-evaluation-harness, and what the harness says beside what we say."""
