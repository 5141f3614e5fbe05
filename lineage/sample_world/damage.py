"""PDFs that go wrong as real ones do: scanned (a picture of text), cut off, locked by a password."""

from hashlib import md5

import pymupdf

from lineage.sample_world.pdf import sealed

PASSWORD = "gaon2024"
# PDF 1.7, 7.6.3.3: what a password is filled up with to 32 bytes.
PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def scanned(data: bytes, title: str) -> bytes:
    """The same pages as grey pictures, without one character of text."""
    document = pymupdf.open()
    with pymupdf.open(stream=data, filetype="pdf") as source:
        for page in source:
            picture = page.get_pixmap(dpi=72, colorspace=pymupdf.csGRAY)
            document.new_page(width=page.rect.width, height=page.rect.height).insert_image(page.rect, pixmap=picture)
    return sealed(document, title)


def cut_off(data: bytes) -> bytes:
    """The first part of the file only, as a broken download leaves it."""
    return data[: len(data) // 4]


def rc4(key: bytes, data: bytes) -> bytes:
    """The stream cipher of PDF's first security handler."""
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) & 255
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + box[i]) & 255
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) & 255])
    return bytes(out)


def locked(title: str) -> bytes:
    """A one-page report that opens with `PASSWORD` only.

    Written by hand, since MuPDF gives an encrypted file a new random id, and its key follows from the id.
    """
    secret = (PASSWORD.encode() + PADDING)[:32]
    name = md5(title.encode(), usedforsecurity=False).digest()
    owner = rc4(md5(secret, usedforsecurity=False).digest()[:5], secret)
    rights = (-4).to_bytes(4, "little", signed=True)
    key = md5(secret + owner + rights + name, usedforsecurity=False).digest()[:5]
    user = rc4(key, PADDING)
    text = b"BT /F1 12 Tf 72 760 Td (Company report. For members of the exchange only.) Tj ET"
    text = rc4(md5(key + bytes([4, 0, 0, 0, 0]), usedforsecurity=False).digest()[:10], text)  # object 4, generation 0
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (owner.hex().encode(), user.hex().encode()),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 7\n0000000000 65535 f \n" + table
    ends = b"trailer\n<</Size 7/Root 1 0 R/Encrypt 6 0 R/ID[<%s><%s>]>>\n" % ((name.hex().encode(),) * 2)
    return data + head + ends + b"startxref\n%d\n%%%%EOF\n" % len(data)
