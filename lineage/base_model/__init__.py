"""The base: built here or pointed at, its weights, tokenizer and chat template."""
