"""The report stage's parts: what is read, what is computed once, how it is drawn and written."""
