"""A version out of its workspace: as an adapter, as one model, as GGUF; each compared with what it was made from."""
