"""Which of two ways is clearly faster, on a made-up clock."""

import itertools

import pytest
import torch

from engine.system import devices


class Clock:
    """A clock that the calls themselves move."""

    def __init__(self):
        self.now, self.processor, self.calls = 0.0, 0.0, 0

    def way(self, *seconds, processor=None):
        """A call that takes these seconds in turn, over and over; of the processor the same, or `processor`."""
        each = itertools.cycle(seconds)

        def call():
            took = next(each)
            self.now += took
            self.processor += took if processor is None else processor
            self.calls += 1

        return call


@pytest.fixture
def clock(monkeypatch):
    made_up = Clock()
    monkeypatch.setattr(devices, "perf_counter", lambda: made_up.now)
    monkeypatch.setattr(devices, "process_time", lambda: made_up.processor)
    return made_up


@pytest.mark.parametrize(("seconds", "faster"), [(0.5, True), (0.89, True), (0.91, False), (1.0, False), (3.0, False)])
def test_a_tenth_is_noise(clock, seconds, faster):
    assert devices.is_clearly_faster(clock.way(seconds), clock.way(1.0)) is faster


def test_three_pairs_of_five_decide_and_no_more_are_timed(clock):
    assert devices.is_clearly_faster(clock.way(0.5, 9.0, 9.0, 0.5, 0.5), clock.way(1.0))
    assert clock.calls == 10
    assert not devices.is_clearly_faster(clock.way(2.0), clock.way(1.0))
    assert clock.calls == 16


def test_what_others_take_from_a_busy_machine_decides_nothing(clock):
    """On the clock it is slower because another program ran; its own processor time is half."""
    assert not devices.is_clearly_faster(clock.way(0.5, processor=1.0), clock.way(1.0))
    assert clock.calls == 2 * devices.MOST_PAIRS
    assert devices.is_clearly_faster(clock.way(3.0, 0.5, processor=0.5), clock.way(1.0))


def test_a_busy_while_that_slowed_the_other_alone_decides_nothing(clock):
    busy_in_three_of_four = clock.way(1.0, 2.0, 2.0, 2.0)
    assert not devices.is_clearly_faster(clock.way(1.0), busy_in_three_of_four)


def test_the_processor_time_says_nothing_of_an_accelerator(clock):
    assert devices.is_clearly_faster(clock.way(0.5, processor=1.0), clock.way(1.0), on_processor=False)


@pytest.mark.parametrize(
    ("flags", "promised"),
    [("fpu avx512f avx512_bf16", True), ("amx_bf16", True), ("asimd bf16", True), ("avx2 avx512f", False), ("", False)],
)
def test_a_processor_with_instructions_for_bf16_promises_it(monkeypatch, flags, promised):
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset(flags.split()))
    assert devices.promises_bf16("cpu") is promised
    assert not devices.promises_bf16("mps")


@pytest.mark.parametrize(
    ("processor", "worth"), [("AVX512", True), ("SVE256", True), ("AVX2", False), ("DEFAULT", False)]
)
def test_bf16_is_tried_where_the_processor_computes_it(monkeypatch, processor, worth):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    assert devices.has_bf16("cpu") is worth


def test_bf16_on_accelerators(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert devices.has_bf16("cuda")
    assert not devices.has_bf16("mps")
