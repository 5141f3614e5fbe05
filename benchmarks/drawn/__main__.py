"""Write the drawn papers and their facts: `python -m benchmarks.drawn FOLDER`."""

import argparse
from pathlib import Path

from benchmarks.drawn import write_papers

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the drawn papers and their facts.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print(write_papers(folder))
