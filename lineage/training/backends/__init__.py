"""Two ways to load a model for training: plain transformers with PEFT, and unsloth."""
