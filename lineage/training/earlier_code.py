"""Code of earlier releases whose trainings give the tensors that this one's give.

A version that such code has trained is taken up and not trained again, though `code` of its record is another. An entry
holds for one state of the present code: as soon as that computes something else, nobody has shown it, and it goes.
"""

from lineage.core.code_identity import code_identity

TRAINED_BY = "lineage.training.train"  # the module whose identity stands in manifests as `code`
EARLIER = {
    "e4e2b6d3af8a6d56e841ef0f82da577374bf706c556bfa8d7ae5d69dfd492293": {
        # A snapshot of the hub without the hub's list of its files was not found while the hub did not answer.
        "c473a82c670257cb70ab3d50119707b9ca014b37b022d565c6539c1065b5faae",
        # The module that writes rows as text also read the shipped templates, none of which a training reads.
        "32de8739b373717389c03ebc3faf574e55acbe9b1866c891a6dd17ff1ee81c5d",
        # Curves were averaged by the trainer: after a stop between two points, one was a mean of fewer steps.
        "bd25be7b0d2c2519b823456ddbcb788972aa83e6a711a7c5231249849d27ec96",
    },
}


def trains_the_same(code: str | None) -> bool:
    """Whether an adapter that was trained by code of this identity is the one that the present code would train."""
    now = code_identity(TRAINED_BY)
    return code == now or code in EARLIER.get(now, ())
