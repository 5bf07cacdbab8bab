from services.chassis.allowances import Allowance


def test_an_allowance_is_refilled_evenly_and_a_refusal_costs_nothing() -> None:
    now = 0.0
    allowance = Allowance(most=2, seconds=60, clock=lambda: now)
    assert [allowance.wait_for("a") for _ in range(2)] == [0, 0]
    assert [allowance.wait_for("a") for _ in range(2)] == [30, 30]
    assert allowance.wait_for("b") == 0
    now = 30.0
    assert allowance.wait_for("a") == 0
    assert allowance.wait_for("a") == 30
    now = 10_000.0
    assert allowance.wait_for("a", 2) == 0


def test_more_at_once_than_there_ever_are_count_as_all() -> None:
    allowance = Allowance(most=2, seconds=60, clock=lambda: 0.0)
    assert allowance.wait_for("a", 50) == 0
    assert allowance.wait_for("a") == 30
