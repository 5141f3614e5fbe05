"""One version on several processes of one machine."""
