"""Workspaces: a folder with a lineage of its own, made and upgraded by the installed program.

The repository is one too: its files are the templates of all others (the links in this folder).
"""
