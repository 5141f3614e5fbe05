"""How sure a difference is: intervals and verdicts that hold for few rows, and for rows that hang together."""
