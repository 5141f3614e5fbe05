"""Ratios in one run: what a stage costs beside the plain way to do the same. See README.md."""
