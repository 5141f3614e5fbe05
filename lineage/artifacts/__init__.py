"""What lies on disk between stages: one frozen type each, one writer, one reader."""
