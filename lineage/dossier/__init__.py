"""The dossier on a version: papers for people who account for it, every sentence bound to a field of the record."""
