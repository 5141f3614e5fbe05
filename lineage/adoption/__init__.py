"""Taking in an adapter that was trained elsewhere: what its folder, its shape, its base and its words must be.

`adopt.py` asks all of these before it copies anything, and `publish.py` asks the second again before the
adapter becomes a version. The weights of the base are never loaded, and no pickle is ever opened.
"""
