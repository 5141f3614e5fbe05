"""What is done to the text of a row: cleaning, dates, personal data, choices, articles."""
