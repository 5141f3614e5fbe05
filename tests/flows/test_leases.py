from flows.leases import Leases


def test_a_worker_that_falls_silent_loses_its_order_whatever_any_clock_of_its_own_says() -> None:
    now = 1000.0
    leases = Leases(term=30.0, clock=lambda: now)
    leases.sign("a", ("2031-01-01", 1))
    leases.sign("b", ("1999-01-01", 1))
    for beat in range(2, 6):
        now += 20
        leases.sign("a", ("2031-01-01", 1))  # the same again is no sign of life
        leases.sign("b", ("1999-01-01", beat))
    assert leases.lapsed() == ["a"]
    leases.end("a")
    assert leases.lapsed() == []


def test_nobody_loses_an_order_because_the_server_was_away() -> None:
    now = 0.0
    leases = Leases(term=30.0, clock=lambda: now)
    leases.sign("a", 1)
    now += 3600
    leases.nobody_could_sign()
    assert leases.lapsed() == []
    now += 31
    assert leases.lapsed() == ["a"]
