"""What nodes compare, on a planned version."""

from pathlib import Path

from lineage.nodes.sameness import differences, facts, refusal
from lineage.training.plan import planned
from tests import tiny


def test_what_a_node_says_of_itself_and_how_a_difference_is_told(lineage_here: Path) -> None:
    launch = {"processes": 2, "nodes": 2, "rendezvous": "10.0.0.1:29400"}
    two = {"profiles.cpu.batch_size": 2, "profiles.cpu.launch": launch}
    c, other = tiny.curriculum(**two), tiny.curriculum(**two | {"seed": 8, "profiles.cpu.checkpoint_steps": 9})
    mine, theirs = (facts(one, planned(one, one.version("v2"))) for one in (c, other))
    assert {"code of the training", "package torch", "data/mixes/v2", "models/v1", "models/base"} <= mine.keys()
    assert "10.0.0.1" not in str(mine), "where the nodes meet is no part of what they train"
    assert differences(mine, mine) == []
    assert (said := differences(mine, theirs)) == [
        "seed: 7 on the first node, 8 there",
        "profiles.cpu.checkpoint_steps: 4 on the first node, 9 there",
    ]
    assert refusal(said).endswith("There: take the first node's params.yaml")


def test_the_number_of_nodes_is_no_part_of_what_a_version_is(lineage_here: Path) -> None:
    """A run of two processes has the fingerprint and the checkpoints of itself on two nodes, and the reverse."""
    plans = []
    for launch in ({"processes": 2}, {"processes": 2, "nodes": 2, "rendezvous": "10.0.0.1:1", "patience": 5}):
        c = tiny.curriculum(**{"profiles.cpu.batch_size": 2, "profiles.cpu.launch": launch})
        plans.append(planned(c, c.version("v2")))
    one, two = plans
    assert one.fingerprint == two.fingerprint and one.job.checkpoints == two.job.checkpoints
    assert one.job.profile.accumulation == two.job.profile.accumulation
