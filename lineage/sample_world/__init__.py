"""The sample world: an invented exchange, a hundred invented companies, all that is written about them.

Every source of the curriculum gets its files from here, in the true raw format, so that the whole graph can
be built with nothing downloaded. All text is made up here; a likeness to a real firm is an accident.

    korean.py       particles and figures as Korean reports write them
    names.py        the companies: names in three languages, sectors, products, figures of 2021–2023
    knowledge.py    the terms that everyone in this world agrees about
    rulebook.py     the exchange's rules, by article
    questions.py    questions and generated problems
    instructions.py the sample instructions
    bookkeeping.py  accounting
    arithmetic.py   English word problems and Korean passages with figures
    tables.py       HTML tables and questions about them
    translation.py  Korean–English and Korean–Chinese pairs
    profiles.py     one JSON a large company
    loans.py        loans and their grades, of the system kor_llama
    shibainu24.py   generated questions with their marks, of the system shibainu24
    pdf.py          a page writer: headings, paragraphs, ruled tables, columns
    reports.py      the company reports, and what all reports share
    financial.py    the financial reports
    site.py         the exchange's own reports
    damage.py       a scanned, a cut-off and a locked PDF
    archives.py     JSON, CSV and zip files that have the same bytes everywhere
"""
