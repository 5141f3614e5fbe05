"""The leaves of params.yaml by their places."""

from lineage.config.leaves import leaves_of
from lineage.config.load import read_tree
from tests.flows.conftest import ROOT


def test_every_leaf_has_a_place() -> None:
    tree = {"seed": 1, "chain": {"lora": {"targets": ["q", "v"]}}, "goal": {"weights": {"rules.record": 2}}, "x": [{}]}
    assert leaves_of(tree) == {"seed": 1, "chain.lora.targets": ["q", "v"]}
    shipped = leaves_of(read_tree(ROOT / "params.yaml"))
    assert shipped["profiles.cpu.learning_rate"] == 5.0e-3 and shipped["versions.v3.replay"] == 0.1
