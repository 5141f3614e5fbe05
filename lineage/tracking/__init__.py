"""The publish stage's parts: what is told (`facts`), to which server, as runs, and in the model registry."""
