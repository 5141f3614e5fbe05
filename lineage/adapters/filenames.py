"""The names of an adapter's files."""

WEIGHTS = "adapter_model.safetensors"
