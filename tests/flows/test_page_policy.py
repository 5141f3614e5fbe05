"""Pages that may ask this machine alone."""

from pathlib import Path

from flows.page_policy import TAG, keep_to_this_machine


def test_every_start_page_gets_the_policy_once(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("<html><head><script></script></head></html>", encoding="utf-8")
    assert len(keep_to_this_machine(tmp_path)) == 2
    assert len(keep_to_this_machine(tmp_path)) == 2
    page = (tmp_path / "v2/index.html").read_text(encoding="utf-8")
    assert page == f"<html><head>{TAG}<script></script></head></html>"


def test_prefects_own_pages_have_a_head_for_it() -> None:
    import prefect

    for pages in (prefect.__ui_static_path__, prefect.__ui_v2_static_path__):
        assert Path(pages, "index.html").read_text(encoding="utf-8").count("<head>") == 1
