"""What would be rebuilt and why, the state of every version, and a rough cost before it starts: steps, time, memory."""
