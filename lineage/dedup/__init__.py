"""Rows that say the same: within and across sources, and between a mix and what is held out."""
