"""`lineage`: one file a command, the file named as the command."""
