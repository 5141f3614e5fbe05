"""How often the gate of `lineage promote` is wrong, and what it finds: replicates with other seeds, planted effects."""
