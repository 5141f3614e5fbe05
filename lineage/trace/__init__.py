"""Where an answer may come from: rows that resemble it, over the whole ancestry, and what is said without them."""
