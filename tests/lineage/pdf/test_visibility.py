"""Where pictures lie on a page: `python -m pytest tests/lineage/pdf/test_visibility.py`."""

import pymupdf
import pytest

from lineage.pdf.visibility import IMAGE, MASK, SHADE, pictures

KINDS = {"fill-image": IMAGE, "fill-imgmask": MASK, "fill-shade": SHADE}


@pytest.mark.parametrize("rotation", [0, 90])
def test_places_of_pictures_are_those_that_mupdf_logs(rotation: int) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page(width=400, height=300)
        pixels = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 8, 4))
        pixels.clear_with(90)
        places = [(20, 30, 120, 80), (200, 100, 390, 290)]
        for place in places:
            page.insert_image(pymupdf.Rect(place), pixmap=pixels, keep_proportion=False)
        page.insert_text((50, 250), "text is no picture")
        page.draw_rect(pymupdf.Rect(5, 5, 60, 60), fill=(1, 0, 0))
        page.set_rotation(rotation)
        found = pictures(page)
        assert found == [(KINDS[kind], tuple(box)) for kind, box in page.get_bboxlog() if kind in KINDS]
        assert [tuple(round(v) for v in box) for _, box in found] == places
        assert page.rotation == rotation


def test_a_picture_mask_and_a_gradient_are_told_apart() -> None:
    content = b"q 100 0 0 50 10 20 cm BI /W 8 /H 1 /IM true ID \xaa EI Q q 0 0 40 40 re W n /S sh Q"
    with pymupdf.open() as doc:
        page = doc.new_page(width=200, height=200)
        page.insert_text((10, 10), "x")  # gives the page a content stream to replace
        doc.update_stream(page.get_contents()[0], content)
        shade = "<< /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 40 40] /Function << /FunctionType 2 /N 1"
        doc.xref_set_key(page.xref, "Resources", f"<< /Shading << /S {shade} /Domain [0 1] >> >> >> >>")
        page = doc.reload_page(page)
        found = pictures(page)
        assert [kind for kind, _ in found] == [MASK, SHADE]
        assert found[0][1] == (10, 130, 110, 180)


def test_a_page_is_drawn_once_for_its_pictures_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    run = pymupdf.mupdf.fz_run_page
    with pymupdf.open() as doc:
        for places in ([(10, 10, 20, 20)], [(5, 5, 30, 30), (50, 5, 90, 30)]):
            page = doc.new_page(width=200, height=300)
            for place in places:
                pixels = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 8, 8))
                pixels.clear_with(90)
                page.insert_image(pymupdf.Rect(place), pixmap=pixels)
        pages = list(doc)
        monkeypatch.setattr(pymupdf.mupdf, "fz_run_page", lambda *given: (drawn.append(1), run(*given)))
        assert [len(pictures(page)) for page in (*pages, *pages)] == [1, 2, 1, 2]
    assert len(drawn) == 2
