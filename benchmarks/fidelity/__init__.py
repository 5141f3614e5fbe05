"""How true conversions of PDFs are: ours and others' beside what a person reads on the pages."""
