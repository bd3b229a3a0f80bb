from tekton_integrations.web.memory import Failures, Remembered


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_forgotten_after_its_time_and_the_oldest_when_there_are_too_many() -> None:
    time = Time()
    memory: Remembered[str] = Remembered(10, most=2, clock=time)
    memory.put("a", "1")
    time.now = 9
    assert memory.get("a") == "1"
    time.now = 10
    assert memory.get("a") is None
    for key in "bcd":
        memory.put(key, key)
    assert [memory.get(key) for key in "bcd"] == [None, "c", "d"]


def test_so_many_failures_are_allowed_in_a_while() -> None:
    time = Time()
    failures = Failures(2, 60, clock=time)
    assert [failures.begin("x") for _ in range(3)] == [0, 0, 60]
    assert failures.begin("y") == 0
    time.now = 59.5
    assert failures.begin("x") == 1
    time.now = 60
    assert failures.begin("x") == 0


def test_a_success_counts_for_nothing() -> None:
    failures = Failures(1, 60, clock=Time())
    for _ in range(5):
        assert failures.begin("x") == 0
        failures.forgive("x")
    assert failures.begin("x") == 0
    assert failures.begin("x") > 0


def test_the_memory_of_failures_is_bounded() -> None:
    failures = Failures(1, 60, most=2, clock=Time())
    for key in "abc":
        failures.begin(key)
    assert failures.begin("a") == 0
    assert failures.begin("c") > 0
