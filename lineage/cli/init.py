"""A new workspace: a folder with a lineage of its own.

    lineage init my-lineage                    the KRX lineage, v1 → v6, on its sample data
    lineage init my-lineage --from ~/files     one version on your own files: PDFs, rows, archives, as they lie there
    lineage init                               the same in the folder that holds them
    lineage init my-lineage --system empty     one version, on files that you put in later
    lineage init my-loans --system kor_llama   the grades of loans, after a public system
    lineage init my-fields --system seokdong   questions of many fields, after another

Which reader reads which files is found by looking. They are copied; yours stay as they are. A workspace is a
repository of git and DVC of its own; the program stays installed where it is.
"""

import argparse
from pathlib import Path

from lineage.core.errors import LineageError
from lineage.workspaces.create import create, systems
from lineage.workspaces.proposals import Survey, propose
from lineage.workspaces.proposals_told import told_of

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and what it begins with."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="made if it is not there (default: this)")
    parser.add_argument("--system", choices=systems(), help="the lineage that it begins with (default: krx)")
    parser.add_argument("--from", type=Path, metavar="FILES", dest="files", help="a folder of your own files")


def run(options: argparse.Namespace) -> None:
    """Make it, and say what comes next."""
    if options.files and options.system:
        raise LineageError("--from and --system: a workspace begins with your files or with a system; name one of them")
    found = Survey() if options.system else _found(options.folder, options.files)
    create(options.folder, options.system or ("empty" if found.proposals else "krx"), found.proposals)
    if lines := told_of(found):
        print("\n".join(lines), end="\n\n")
    here = options.folder == Path()
    print(
        f"{'This folder' if here else options.folder} is a workspace: params.yaml says what is trained on what\n\n"
        f"{'' if here else f'  cd {options.folder}{chr(10)}'}"
        f"  lineage check        what can be built, and what it costs\n"
        f"  dvc repro            build it\n"
        f"  lineage results      what each version learnt"
    )


def _found(folder: Path, files: Path | None) -> Survey:
    """The sources that lie there: in the folder that was named, or in the workspace's own before it is one."""
    if files and not files.is_dir():
        raise LineageError(f"--from {files}: no such folder")
    if (files or folder).resolve() in (Path.home(), Path("/")):
        raise LineageError(
            f"{(files or folder).resolve()}: holds all that you have; name a folder of files with --from"
        )
    found = propose(files or folder) if (files or folder).is_dir() else Survey()
    if files and not found.proposals:
        why = next(iter(found.left.values()), "it holds no files")
        raise LineageError(f"--from {files}: nothing that could be trained on ({why}); see docs/own-data.md")
    return found
