"""The breaker before a model."""

from services.router.routing.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_probes_and_closes() -> None:
    clock = Clock()
    breaker = Breaker(threshold=3, first_pause=2.0, longest_pause=5.0, clock=clock)
    for _ in range(2):
        breaker.failed()
    assert breaker.lets_through()
    breaker.failed()
    assert not breaker.lets_through()
    clock.now = 1.9
    assert not breaker.lets_through()
    clock.now = 2.0
    assert breaker.lets_through()
    # Half open: one call at a time.
    breaker.begin()
    assert not breaker.lets_through()
    breaker.failed()
    clock.now = 5.9
    assert not breaker.lets_through()
    clock.now = 6.0
    assert breaker.lets_through()
    breaker.begin()
    breaker.succeeded()
    assert breaker.lets_through()
    breaker.failed()
    assert breaker.lets_through()


def test_pauses_double_up_to_their_limit() -> None:
    clock = Clock()
    breaker = Breaker(threshold=1, first_pause=1.0, longest_pause=4.0, clock=clock)
    for pause in (1.0, 2.0, 4.0, 4.0):
        breaker.failed()
        clock.now += pause - 0.01
        assert not breaker.lets_through()
        clock.now += 0.02
        assert breaker.lets_through()
