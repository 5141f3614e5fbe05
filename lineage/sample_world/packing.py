"""Files with the same bytes on every run and machine: JSON, CSV, workbooks, and zip archives as AI Hub releases them.

Zip members are stored, not deflated: builds of zlib differ in their output. Their names are the bytes of
euc-kr with no UTF-8 flag, so that a tool that believes the flag reads them as cp437 and sees `01.╡Ñ└╠┼═`.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

WHEN = (2024, 1, 2, 0, 0, 0)  # every member's time
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"
TYPES = f"{OFFICE}/officeDocument/2006/relationships"


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


def xlsx_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook with one sheet of text, and no date in it: ECMA-376, the least that a spreadsheet opens."""

    def related(target: str, kind: str) -> str:
        link = f'<Relationship Id="r1" Type="{TYPES}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{OFFICE}/package/2006/relationships">{link}</Relationships>'

    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'

    main, parts = f'xmlns="{OFFICE}/spreadsheetml/2006/main"', "application/vnd.openxmlformats-officedocument"
    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    members = {
        "[Content_Types].xml": f'<Types xmlns="{OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{parts}.spreadsheetml.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet1.xml" ContentType="{parts}.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": related("xl/workbook.xml", "officeDocument"),
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{TYPES}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related("sheet1.xml", "worksheet"),
        "xl/sheet1.xml": f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>",
    }
    return zip_bytes({name: f"{XML}{text}".encode() for name, text in members.items()})


def parquet_bytes(columns: dict[str, list[str]]) -> bytes:
    """A Parquet file of text columns, not compressed: builds of a compressor differ in their output."""
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression="NONE")
    return buffer.getvalue()
