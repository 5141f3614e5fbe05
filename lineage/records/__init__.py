"""A record, one row to learn or to be asked, and how files of them are read."""
