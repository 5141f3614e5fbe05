"""What later stages will need, computed on a core that a small training leaves idle."""
