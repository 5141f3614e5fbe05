"""Versions to talk to: several on one base, word by word, side by side, and people's votes between two of them."""
