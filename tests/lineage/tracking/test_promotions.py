from pathlib import Path

import pytest
import yaml

from lineage.core.errors import LineageError
from lineage.tracking.promotions import champion, read_promotions
from lineage.tracking.run_contents import Facts

BUILT = Facts("v2", "v2:" + "1" * 64, {"fingerprint": "1" * 64, "adapter": "ab" * 32})


def test_an_entry_that_names_a_version_alone_is_answered_with_the_one_to_write(tmp_path: Path) -> None:
    """Digits alone would be a number to YAML: what is printed must read back as it was meant."""
    file = tmp_path / "promotions.yaml"
    file.write_text("- {version: v2, because: 'won: 6 of 8', by: 회의}\n", encoding="utf-8")
    with pytest.raises(LineageError, match=r"entry 1: fingerprint and adapter missing: which v2\?") as error:
        champion(read_promotions(file), [BUILT], "v2 at 2222")
    said = str(error.value)
    assert "MLflow's champion is at present v2 at 2222." in said
    file.write_text(said[said.index("  - version") :], encoding="utf-8")
    found = champion(read_promotions(file), [BUILT])
    assert found is not None
    assert (found.version, found.because, found.by) == ("v2", "won: 6 of 8", "회의")
    assert found.is_of(BUILT.tags["fingerprint"], BUILT.tags["adapter"])
    assert not found.is_of(BUILT.tags["fingerprint"], "cd" * 32)


def test_only_the_last_entry_has_to_say_which_adapter(tmp_path: Path) -> None:
    file = tmp_path / "promotions.yaml"
    last = {"version": "v2", "fingerprint": "1" * 12, "adapter": "abababababab", "because": "better"}
    file.write_text(yaml.safe_dump([{"version": "v1", "because": "first"}, last]), encoding="utf-8")
    found = champion(read_promotions(file), [])
    assert found is not None and found.entry() == last
