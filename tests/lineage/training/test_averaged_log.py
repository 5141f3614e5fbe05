"""A point is the mean of its steps, summed as a trainer sums."""

import numpy as np

from lineage.training.averaged_log import averaged


def test_a_point_has_the_last_steps_row_and_the_mean_of_all_losses() -> None:
    log = [{"step": n, "loss": 0.1 * n, "learning_rate": 1 / n} for n in range(1, 8)]
    log.insert(3, {"step": 3, "eval_loss": 9.0})
    first, second = averaged([*log, {"train_runtime": 3.0}], 3, ("loss",))
    assert (first["step"], first["learning_rate"]) == (3, 1 / 3)
    total = np.float32(0.4) + np.float32(0.5) + np.float32(0.6)
    assert second == {"step": 6, "loss": float(total) / 3, "learning_rate": 1 / 6}
    assert [row["step"] for row in averaged(log, 1, ("loss",))] == list(range(1, 8))


def test_what_is_no_number_stays_none() -> None:
    (point,) = averaged([{"step": 1, "loss": 1.0}, {"step": 2, "loss": float("nan")}], 2, ("loss", "margin"))
    assert np.isnan(point["loss"]) and "margin" not in point
