"""Containers that rows come in: archives, tables, workbooks, JSON, HWPX, XML."""
