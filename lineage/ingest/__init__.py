"""Raw files or documents → records to train on and records held out, every row accounted for."""
