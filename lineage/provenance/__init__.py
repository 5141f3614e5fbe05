"""What is inside an adapter, through all its ancestors, and what follows from it."""
