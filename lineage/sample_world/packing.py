"""Files with the same bytes on every run and machine: JSON, CSV and zip archives as AI Hub releases them.

Zip members are stored, not deflated: builds of zlib differ in their output. Their names are the bytes of
euc-kr with no UTF-8 flag, so that a tool that believes the flag reads them as cp437 and sees `01.╡Ñ└╠┼═`.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

WHEN = (2024, 1, 2, 0, 0, 0)  # every member's time


def json_bytes(value: Any, *, bom: bool = False) -> bytes:
    """Indented UTF-8 JSON, Korean as it is; some releases open with a byte-order mark."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    return text.encode("utf-8-sig" if bom else "utf-8")


def jsonl_bytes(rows: Iterable[dict[str, Any]]) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]], *, bom: bool = False) -> bytes:
    """Comma-separated UTF-8 with a header line; with a byte-order mark as spreadsheets save it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


class EucKrInfo(zipfile.ZipInfo):
    """A member whose Korean name is written as bare euc-kr bytes."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # zipfile's own hook for a name's bytes
        return self.filename.encode("euc-kr"), self.flag_bits


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A zip archive of the members, in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = EucKrInfo(name, date_time=WHEN)
            info.create_system = 0  # as written on Windows
            info.external_attr = 0
            archive.writestr(info, content)
    return buffer.getvalue()
