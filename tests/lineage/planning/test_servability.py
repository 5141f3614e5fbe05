import pytest

from lineage.planning.servability import alpha_for_llama_cpp, costs_of_serving, vllm_rank
from tests import tiny

LORA = tiny.curriculum().chain.lora


@pytest.mark.parametrize(
    ("changes", "tied", "words"),
    [
        ({"r": 16}, True, []),
        ({"r": 24}, True, ["--max-lora-rank 32"]),
        ({"r": 1024}, True, ["no adapter above rank 512"]),
        ({"dora": True}, True, ["vLLM and llama.cpp take no DoRA adapter"]),
        ({"r": 16, "alpha": 32, "rslora": True}, True, ["1/4 of its strength", "alpha 128 instead of 32"]),
        ({"targets": ("lm_head",)}, True, ["a head of its own"]),
        ({"targets": ("lm_head",)}, False, ["not every server"]),
    ],
)
def test_what_a_shape_costs_a_server_is_said(changes: dict, tied: bool, words: list[str]) -> None:
    told = list(costs_of_serving(LORA.model_copy(update=changes), tied=tied))
    assert len(told) == bool(words) and all(word in told[0] for word in words)


def test_the_alpha_of_llama_cpp_gives_the_same_scaling() -> None:
    shaped = LORA.model_copy(update={"r": 8, "alpha": 12, "rslora": True})
    assert alpha_for_llama_cpp(shaped) / shaped.r == pytest.approx(shaped.scaling)
    assert [vllm_rank(r) for r in (1, 8, 9, 200, 513)] == [1, 8, 16, 256, None]
