"""DART business reports, section by section: the XML of the disclosure system's original documents.

    <DOCUMENT><DOCUMENT-NAME ACODE="11011">사업보고서</DOCUMENT-NAME><COMPANY-NAME>가온전자</COMPANY-NAME><BODY>
    <SECTION-1><TITLE ATOC="Y">II. 사업의 내용</TITLE>
    <SECTION-2><TITLE ATOC="Y">1. 사업의 개요</TITLE><P>반도체를 만든다.</P>
    <TABLE><TR><TD ROWSPAN="2">매출액</TD><TU AUNIT="WON" AUNITVALUE="1200">1,200</TU></TR></TABLE></SECTION-2>

One .xml a report, or the zip as the API gives it (its attachments are documents of their own). A record asks for
one section by company, report, period and title; its answer is the section's paragraphs and tables as lines, in
parts of some 2,000 characters. A table's paragraphs are read once, in its cells. The same section of the same
company is one group, part by part and year by year: most of its sentences return every year.

    python -m stages.ingest dart_reports
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

from lineage.readers.io.archives import entries
from lineage.readers.io.members import Member
from lineage.readers.io.tabular import DAMAGE
from lineage.readers.text.chunking import LIMIT, split
from lineage.readers.text.dart_sections import sections
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
CUTS = True


def read(folder: Path, forms: Sequence[str], *, part_characters: int = LIMIT) -> Iterator[Record | Rejected]:
    """Records of every section with text, judged by NLL alone.

    Raises:
        LineageError: a file whose outermost element is not a DART report's.
    """
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
        elif entry.suffix != ".xml":
            yield Rejected({"file": entry.name}, "not a .xml file", "move it out of this folder")
        else:
            try:
                with entry.open() as stream:
                    digest = file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
                yield from _report(entry, digest, part_characters)
            except DAMAGE as error:
                yield Rejected({"file": entry.name}, "a damaged file", f"{error}; download it again")


def _report(entry: Member, digest: str, limit: int) -> Iterator[Record | Rejected]:
    found = 0
    times: Counter[str] = Counter()  # a section goes on after the sections inside it
    for section in sections(entry):
        found += 1
        if isinstance(section, Rejected):
            yield replace(section, origin={"file": entry.name} | section.origin)
            continue
        titles, blocks, head = section
        path = " > ".join(titles) or "본문"
        origin = {"file": entry.name, "section": path}
        company, report = head.get("company", ""), head.get("report", "")
        if not company:
            yield Rejected(origin, "a report without a company", "COMPANY-NAME is empty: fill it in")
            continue
        times[path] += 1
        again = f" (이어서 {times[path]})" if times[path] > 1 else ""
        period = f"({head['start']}~{head['end']})" if {"start", "end"} <= head.keys() else ""
        ask = f"{company} {report or '보고서'}{period}의 '{path}'에는 어떤 내용이 있습니까?{again}"
        parts = split(blocks, limit)
        for number, part in enumerate(parts, 1):
            yield qa(
                f"{ask} ({number}/{len(parts)})" if len(parts) > 1 else ask,
                part,
                group=f"{company} {path}",
                origin=origin
                | ({"again": times[path]} if again else {})
                | ({"part": number} if len(parts) > 1 else {}),
                measure="none",
                documents=(digest,),
            )
    if not found:
        yield Rejected({"file": entry.name}, "a report without text", "its pages may be pictures: find its PDF")
