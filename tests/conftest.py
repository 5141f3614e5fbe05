"""Fixtures for all tests: the tiny lineage of `tests/tiny.py`."""

pytest_plugins = ["tests.tiny"]
