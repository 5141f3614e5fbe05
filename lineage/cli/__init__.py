"""The command line, `lineage COMMAND`: one file a command, the file named as the command (see `main.py`)."""
