"""An export to a hub repository, with its card: one commit.

lineage export v6 --as adapter
lineage push v6 team/krx-v6              to a private repository, made if it is not there
lineage push v6 team/krx-v6 --public     where everybody sees it, if every licence inside allows that
lineage push v6 team/krx-v6 --dry-run    what would be sent, and whether it may be; asks nobody

The token is read from HF_TOKEN. What a licence inside forbids to pass on is refused.
"""

import argparse

from lineage.config.load import load_curriculum

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, in which kind, and to whom."""
    parser.add_argument("version")
    parser.add_argument("repo", metavar="TEAM/NAME")
    parser.add_argument("--as", dest="kind", default="adapter", choices=("adapter", "merged", "gguf"))
    parser.add_argument("--public", action="store_true", help="everybody may see it")
    parser.add_argument("--dry-run", action="store_true", help="check and list; send nothing")


def run(options: argparse.Namespace) -> None:
    """Push it, and print where it is."""
    from lineage.exporting.pushing import contents_for_hub, push

    c = load_curriculum()
    c.version(options.version)
    given = (c, options.version, options.kind, options.repo)
    if options.dry_run:
        for name, content in contents_for_hub(*given, public=options.public).items():
            print(f"{len(content) if isinstance(content, bytes) else content.stat().st_size:>14,}  {name}")
        print("nothing was sent")
        return
    done = push(*given, public=options.public)
    print(f"{done.url} at {done.commit}, {'private' if done.private else 'public'}, {done.files} files")
    print(f"the commit before was {done.before}" if done.new else "it was there already, byte for byte: no new commit")
    if done.others:
        print(f"not brought by a push, and left there: {', '.join(done.others)}")
