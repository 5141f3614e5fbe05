"""Who writes questions from a reference: rules (`cloze`), or a model behind any OpenAI-compatible endpoint."""
