"""What every room stands on: paths, files and their hashes, errors, how a stage runs, the journal, this machine."""
