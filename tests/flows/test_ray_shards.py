"""A Ray cluster on this machine converts shards: the bytes of the plain stage."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.ray_shards import convert_on_ray
from lineage.config.load import load_curriculum
from lineage.core.paths import document_cache
from lineage.pdf.convert import convert_folder
from lineage.pdf.paper_source import paper_source
from tests.lineage.cli.test_convert import here  # noqa: F401 (a fixture)


@pytest.mark.slow
def test_a_cluster_gives_the_bytes_of_the_stage(here: Path) -> None:  # noqa: F811
    if find_spec("ray") is None:  # not imported: it reads its settings then
        pytest.skip("no Ray: pip install -e '.[ray]'")
    said: list[str] = []
    convert_on_ray("site_reports", 3, say=said.append)
    assert len([line for line in said if line.startswith("site_reports, shard ")]) == 3, said
    source = paper_source(load_curriculum(), "site_reports")
    for cache in (document_cache(), here / "alone"):
        convert_folder(source.raw, here / f"{cache.name}-out", source.limits, cache)
    made = [{p.name: p.read_bytes() for p in (here / f"{name}-out").iterdir()} for name in ("shared", "alone")]
    assert made[0] == made[1] and len(made[0]) == 6 + 2
