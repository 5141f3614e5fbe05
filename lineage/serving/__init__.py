"""Versions behind an OpenAI-compatible server: one base in memory, its adapters switched under a lock."""
