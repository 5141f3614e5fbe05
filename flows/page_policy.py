"""Prefect's pages may ask this machine and no other, whatever their scripts would like to.

The page asks an analytics host for its settings before it reads that analytics are off, and no setting of the server
keeps it from that. So the copy of the pages that the server makes in the workspace gets a policy that browsers obey.
"""

from pathlib import Path

HERE = "http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*"
POLICY = f"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' data: blob: {HERE}"
TAG = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'


def keep_to_this_machine(pages: Path) -> list[Path]:
    """Put the policy at the head of every start page below a folder; the pages that have it now."""
    found = sorted(pages.glob("**/index.html"))
    for page in found:
        text = page.read_text(encoding="utf-8")
        if TAG not in text:
            page.write_text(text.replace("<head>", f"<head>{TAG}", 1), encoding="utf-8")
    return [page for page in found if TAG in page.read_text(encoding="utf-8")]
