"""An adapter's files: their names, config and tensors, and a rank that grows."""
