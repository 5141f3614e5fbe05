"""`python -m lineage.cli COMMAND`: the same as `lineage COMMAND`."""

from lineage.cli.main import main

main()
