"""Parent + mix → adapter."""
