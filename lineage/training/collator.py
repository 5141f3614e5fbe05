"""From sequences to a batch: padded, and with packing so that the rows of a sequence do not see each other.

Transformers builds a block-diagonal mask where `position_ids` begin again and no attention mask is given; with a mask
of ones it would let every row see those before it. Flash attention reads the same from `position_ids`.
"""

from typing import Any

from lineage.base_model import chat_template


class Collator:
    """Pads on the right, where causal attention never looks; labels of padding carry no loss."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """`input_ids`, `labels` and either `attention_mask` or `position_ids`, each rows × longest."""
        import torch

        width = max(len(row["input_ids"]) for row in rows)
        packed = "position_ids" in rows[0]

        def padded(name: str, fill: int) -> Any:
            return torch.tensor([row[name] + [fill] * (width - len(row[name])) for row in rows])

        batch = {"input_ids": padded("input_ids", self.pad), "labels": padded("labels", chat_template.IGNORED)}
        if packed:
            batch["position_ids"] = padded("position_ids", 0)  # each pad a row of its own: nobody sees it
        else:
            lengths = torch.tensor([[len(row["input_ids"])] for row in rows])
            batch["attention_mask"] = (torch.arange(width) < lengths).long()
        return batch


def unpacked(sequence: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a packed sequence, each by itself."""
    starts = [i for i, at in enumerate(sequence["position_ids"]) if at == 0]
    ends = [*starts[1:], len(sequence["position_ids"])]
    return [
        {name: sequence[name][start:end] for name in ("input_ids", "labels")}
        for start, end in zip(starts, ends, strict=True)
    ]
