import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.events.study import BatchTrained
from engine.system import devices
from engine.training import StepClock, choose_machine, require_memory
from engine.training import machine as choice
from engine.training.probe import FirstStep, Probe, agrees


@pytest.fixture
def choose(recipe, tmp_path):
    def choose(**given):
        return choose_machine(recipe, 3, cache_dir=tmp_path, **{"device": "cpu", **given})

    return choose


@pytest.fixture
def probes(monkeypatch):
    """Made-up steps on a clock of their own, so that the choice can be checked on any machine.

    `seconds` says how long a step takes, as a number or as an iterator with a number for each step.
    """

    class Probes:
        def __init__(self):
            self.seconds, self.gradients, self.tried, self.now = {}, {}, [], 0.0

        def __call__(self, recipe, n_classes, settings):
            key = (settings.precision, settings.channels_last)
            self.tried.append(key)

            def step():
                seconds = self.seconds.get(key, 1.0)
                self.now += seconds if isinstance(seconds, float) else next(seconds)

            first = FirstStep(2.0, torch.full((4,), self.gradients.get(key, 1.0)))
            return SimpleNamespace(machine=settings, first=first, step=step, seconds_per_pixel=lambda: 1e-6)

    fake = Probes()
    monkeypatch.setattr(choice, "Probe", fake)
    monkeypatch.setattr(choice, "has_bf16", lambda device: True)
    monkeypatch.setattr(choice, "_WORTH_TIMING_PIXELS", 0)
    monkeypatch.setattr(choice, "promises_bf16", lambda device: False)
    monkeypatch.setattr(devices, "perf_counter", lambda: fake.now)
    monkeypatch.setattr(devices, "process_time", lambda: fake.now)
    return fake


def test_what_is_clearly_faster_and_agrees_is_chosen(choose, probes):
    probes.seconds["bf16", True] = 0.5
    settings = choose()
    assert (settings.precision, settings.channels_last, settings.chosen_by) == ("bf16", True, "measured")
    assert settings.device == "cpu"
    assert settings.device_name
    assert settings.threads >= 1


def test_a_little_faster_is_not_enough(choose, probes):
    probes.seconds["bf16", True] = 0.95
    assert choose().precision == "fp32"


def test_a_few_steps_that_were_disturbed_decide_nothing(choose, probes):
    probes.seconds["fp32", True] = itertools.cycle([1.0, 9.0, 1.0, 9.0, 1.0])
    assert choose().channels_last


def test_a_machine_that_grows_busier_slows_both_alike(choose, probes):
    probes.seconds["fp32", True] = (2.0**number for number in itertools.count())
    probes.seconds["fp32", False] = (0.5 * 2.0**number for number in itertools.count())
    assert not choose().channels_last


def test_a_step_with_little_to_do_is_not_timed(choose, probes, recipe, monkeypatch, tmp_path):
    probes.seconds = {("fp32", False): 0.1, ("bf16", True): 0.1}
    images = recipe.batch_size * 16 * 20
    monkeypatch.setattr(choice, "_WORTH_TIMING_PIXELS", images + 1)
    settings = choose()
    assert (settings.precision, settings.channels_last, settings.chosen_by) == ("fp32", True, "default")
    assert choose(precision="bf16") == replace(settings, precision="bf16", chosen_by="given")
    assert not probes.tried
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(choice, "_WORTH_TIMING_PIXELS", images)
    assert choose().chosen_by == "measured"


@pytest.mark.parametrize("name", ["paper", "quick"])
def test_the_recipes_are_worth_a_timing(probes, monkeypatch, tmp_path, name):
    monkeypatch.undo()
    monkeypatch.setattr(
        choice, "_measure", lambda recipe, n_classes, base: choice._Measured(choice._Choice("fp32", True, 1), 1e-6)
    )
    assert choose_machine(RECIPES[name], 3, device="cpu", cache_dir=tmp_path).chosen_by == "measured"


def test_faster_but_wrong_is_refused(choose, probes):
    probes.seconds["bf16", True] = 0.1
    probes.gradients["bf16", True] = 1.5
    assert choose().precision == "fp32"


def test_the_memory_format_is_timed_too(choose, probes):
    probes.seconds["fp32", False] = 0.5
    probes.seconds["bf16", False] = 0.2
    settings = choose()
    assert (settings.precision, settings.channels_last) == ("bf16", False)


def test_bf16_is_not_tried_where_the_processor_lacks_it(choose, probes, monkeypatch):
    monkeypatch.setattr(choice, "has_bf16", lambda device: False)
    assert choose().precision == "fp32"
    assert {precision for precision, _ in probes.tried} == {"fp32"}


def test_the_second_time_is_remembered_and_the_same(choose, probes):
    probes.seconds["bf16", True] = 0.5
    first = choose()
    probes.tried.clear()
    probes.seconds["bf16", True] = 2.0
    second = choose()
    assert second == replace(first, chosen_by="remembered")
    assert not probes.tried


def test_a_machine_made_for_bf16_keeps_it_through_a_disturbed_timing(choose, probes, monkeypatch):
    monkeypatch.setattr(choice, "promises_bf16", lambda device: True)
    probes.seconds["bf16", True] = itertools.cycle([1.0, 9.0, 1.0, 9.0, 1.0])
    probes.seconds["fp32", True] = 1.0
    assert choose().precision == "bf16"


def test_on_a_machine_made_for_bf16_fp32_has_to_be_clearly_faster(choose, probes, monkeypatch):
    monkeypatch.setattr(choice, "promises_bf16", lambda device: True)
    probes.seconds["fp32", True] = 0.5
    assert choose().precision == "fp32"


def test_a_promise_of_bf16_that_computes_something_else_is_refused(choose, probes, monkeypatch):
    monkeypatch.setattr(choice, "promises_bf16", lambda device: True)
    probes.gradients["bf16", True] = 1.5
    assert choose().precision == "fp32"


def test_another_processor_is_timed_anew(choose, probes, monkeypatch):
    choose()
    monkeypatch.setattr(choice, "arithmetic_flags", lambda: "avx512_bf16")
    assert choose().chosen_by == "measured"


@pytest.mark.parametrize(("times", "forgotten"), [(0.4, True), (0.6, False), (1.0, False), (1.9, False), (2.5, True)])
def test_what_a_run_contradicts_is_measured_again(choose, probes, recipe, tmp_path, times, forgotten):
    machine = choose()
    height, width = recipe.image_size
    said = choice.review_choice(recipe, machine, (height, width), times * height * width * 1e-6, tmp_path)
    assert bool(said) is forgotten
    assert choose().chosen_by == ("measured" if forgotten else "remembered")


def test_what_was_given_is_not_doubted(choose, probes, recipe, tmp_path):
    choose()
    given = choose(precision="bf16")
    assert not choice.review_choice(recipe, given, recipe.image_size, 1e9, tmp_path)
    assert choose().chosen_by == "remembered"


def test_a_runs_pace_is_the_median_of_its_steps():
    clock, passed = StepClock(), []
    take = clock.before(passed.append)
    for step in range(24):
        pause = 1000.0 if step >= 5 else 0.0
        take(BatchTrained(variant="vanilla", epoch=step // 12, step=step, loss=1.0, images=4, time=step * 2.0 + pause))
    assert clock.seconds_per_image == 0.5
    assert len(passed) == 24
    assert StepClock().seconds_per_image is None


def test_another_image_size_is_timed_anew(choose, probes, recipe, tmp_path):
    choose()
    probes.tried.clear()
    choose_machine(replace(recipe, image_size=(32, 40)), 3, device="cpu", cache_dir=tmp_path)
    assert probes.tried
    probes.tried.clear()
    choose()
    assert not probes.tried


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}', "\x00\xff"])
def test_a_damaged_memory_is_measured_anew(choose, probes, tmp_path, content):
    (tmp_path / "machine.json").write_text(content, encoding="latin-1")
    assert choose().chosen_by == "measured"
    assert choose().chosen_by == "remembered"


@pytest.mark.parametrize("broken", [None, 3, {"precision": "fp8", "channels_last": True, "threads": 2}, {}])
def test_a_damaged_entry_is_measured_anew(choose, probes, tmp_path, broken):
    choose()
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(dict.fromkeys(json.loads(path.read_text()), broken)))
    assert choose().chosen_by == "measured"


def test_what_is_given_wins_and_the_rest_stays(choose, probes):
    probes.seconds["fp32", False] = 0.5
    chosen = choose()
    settings = choose(precision="bf16", threads=1)
    assert settings == replace(chosen, precision="bf16", threads=1, chosen_by="given")


def test_a_cache_that_cannot_be_written_only_costs_time(recipe, probes, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings = choose_machine(recipe, 3, device="cpu", cache_dir=tmp_path / "file")
    assert settings.chosen_by == "measured"


def test_a_missing_device_is_an_input_error(choose, probes, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="--device cuda: PyTorch finds none on this machine"):
        choose(device="cuda")
    for wrong in ("toaster", "meta", "cpu:3"):
        with pytest.raises(InputError, match=f"--device {wrong}"):
            choose(device=wrong)


def test_without_an_accelerator_the_processor_computes(choose, probes, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose(device="auto").device == "cpu"


def test_real_steps_can_be_timed_and_memory_formats_agree(recipe, machine):
    last, contiguous = (Probe(recipe, 3, replace(machine, channels_last=value)) for value in (True, False))
    last.step()
    assert agrees(last.first, contiguous.first)
    assert agrees(Probe(recipe, 3, replace(machine, precision="bf16")).first, contiguous.first)


def test_large_images_are_timed_smaller(recipe, machine):
    large = Probe(replace(recipe, image_size=(2400, 2400)), 3, machine)
    same = Probe(replace(recipe, image_size=(300, 300), batch_size=7), 3, machine)
    small = Probe(replace(recipe, image_size=(300, 300), batch_size=2), 3, machine)
    assert len(large.first.gradients) == len(same.first.gradients)
    assert large.first.loss == same.first.loss != small.first.loss


def test_other_losses_and_nan_do_not_agree():
    step = FirstStep(2.0, torch.ones(4))
    assert agrees(replace(step, loss=2.01), step)
    assert not agrees(replace(step, loss=2.1), step)
    assert not agrees(replace(step, loss=float("nan")), step)
    assert not agrees(replace(step, gradients=torch.full((4,), float("nan"))), step)


def test_a_senseless_number_of_threads_is_refused(choose):
    with pytest.raises(InputError, match=r"--threads 100000.*cores"):
        choose(threads=100_000)


def test_a_step_that_memory_cannot_hold_is_refused_and_one_that_it_can_is_not(recipe):
    require_memory(recipe, 10, "cpu")
    huge = replace(recipe, image_size=(4096, 4096), batch_size=5000)
    with pytest.raises(InputError, match=r"batches of 5000 images at 4096x4096 need about .* GB.*--batch-size"):
        require_memory(huge, 8000, "cpu")
    with pytest.raises(InputError, match="batches of 4000 images"):
        require_memory(huge, 4000, "cpu")


def test_workers_that_memory_cannot_hold_together_are_refused_in_one_sentence(recipe, monkeypatch):
    class Memory:
        available = 3_000_000_000

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    wide = replace(recipe, image_size=(100, 200), batch_size=100)  # 0.8 GB a step, 0.5 a process
    require_memory(wide, 100, "cpu")
    require_memory(wide, 100, "cpu", workers=2)
    with pytest.raises(InputError) as caught:
        require_memory(wide, 100, "cpu", workers=3)
    assert str(caught.value) == (
        "3 workers with batches of 100 images at 100x200 need about 3.9 GB of memory and 3.0 GB are free: "
        "fewer --workers, or make --batch-size or --image-size smaller"
    )


def test_a_variant_that_trains_on_larger_images_needs_more_memory(recipe, monkeypatch):
    class Memory:
        available = 500_000_000

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    half = replace(recipe, image_size=(100, 100), batch_size=100)  # 0.4 GB
    require_memory(half, 1000, "cpu")
    require_memory(half, 1000, "cpu", scale=1)
    with pytest.raises(InputError, match=r"batches of 100 images at 200x200 need about 1\.6 GB"):
        require_memory(half, 1000, "cpu", scale=2)
