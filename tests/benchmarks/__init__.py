"""What the benchmarks print can be trusted: the parts of them that could go wrong in silence or in a traceback."""
