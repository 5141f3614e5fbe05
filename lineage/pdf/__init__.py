"""From one PDF file to one JSON document: gate → text → tables → layout → document, each a module here."""
