"""One version on several machines: they meet, prove to be alike, and train together."""
