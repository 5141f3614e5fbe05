"""Promotion: whether a version becomes the champion, and every look at the held-out rows that led there."""
