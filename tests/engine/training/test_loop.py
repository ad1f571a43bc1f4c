import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.events.control import StudyControl
from engine.events.study import BatchTrained, EpochTrained
from engine.training import steps_per_epoch, train

CLASSES = 3


def run(tiny, recipe, machine, *, seed=1, variant="vanilla", emit=None, control=None):
    events = []

    def keep(event):
        events.append(event)
        if emit is not None:
            emit(event)

    outcome = train(
        variant=variant,
        seed=seed,
        fold=0,
        recipe=recipe,
        machine=machine,
        pixels=tiny.pixels,
        rows=tiny.rows,
        labels=tiny.labels,
        n_classes=CLASSES,
        emit=keep,
        control=control or StudyControl(),
    )
    return outcome, events


def losses(events):
    return [event.loss for event in events if isinstance(event, BatchTrained)]


def weights(outcome):
    return torch.cat([tensor.double().flatten() for tensor in outcome.model.state_dict().values()])


def test_every_batch_and_every_epoch_is_reported(tiny, recipe, machine):
    outcome, events = run(tiny, recipe, machine)
    batches = [event for event in events if isinstance(event, BatchTrained)]
    epochs = [event for event in events if isinstance(event, EpochTrained)]
    # 25 images in batches of 8: the lone last image has joined the third batch.
    assert [(event.epoch, event.step, event.images) for event in batches] == [
        (0, 0, 8), (0, 1, 8), (0, 2, 9), (1, 3, 8), (1, 4, 8), (1, 5, 9),
    ]  # fmt: skip
    assert [events.index(event) for event in epochs] == [3, 7]
    assert epochs[1].loss == pytest.approx(sum(event.loss * event.images for event in batches[3:]) / 25)
    assert 0 <= epochs[1].accuracy <= 1
    assert (outcome.stopped, outcome.epochs_done, outcome.steps_done) == (False, 2, 6)
    assert outcome.steps_done == recipe.epochs * steps_per_epoch(25, recipe.batch_size)
    assert outcome.final_loss == batches[-1].loss
    assert {(event.variant, event.seed, event.fold) for event in events} == {("vanilla", 1, 0)}


def test_it_learns(tiny, recipe, machine):
    _, events = run(tiny, replace(recipe, epochs=12, dropout=0.0), machine)
    epochs = [event for event in events if isinstance(event, EpochTrained)]
    assert epochs[-1].loss < epochs[0].loss / 2
    assert epochs[-1].accuracy > 0.9


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("place", ["logits", "features"])
def test_the_same_seed_gives_the_same_result_bit_for_bit(tiny, recipe, machine, precision, place):
    recipe, machine = replace(recipe, dropout_place=place), replace(machine, precision=precision, threads=2)
    one, events = run(tiny, recipe, machine)
    torch.manual_seed(99)  # nothing may lean on the state of the process
    torch.rand(7)
    two, events_two = run(tiny, recipe, machine)
    assert torch.equal(weights(one), weights(two))
    assert losses(events) == losses(events_two)
    other, _ = run(tiny, recipe, machine, seed=2)
    assert not torch.equal(weights(one), weights(other))


def test_training_leaves_torchs_own_random_state_and_threads_alone(tiny, recipe, machine):
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    run(tiny, recipe, replace(machine, threads=threads + 1))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads


def test_all_variants_see_the_same_batches_and_drop_the_same_units(tiny, recipe, machine):
    first, events = run(tiny, recipe, machine, variant="vanilla")
    batches, tiny.pixels.asked = tiny.pixels.asked, []
    second, events_two = run(tiny, recipe, machine, variant="denoise")
    assert tiny.pixels.asked == batches
    assert losses(events) == losses(events_two)
    assert torch.equal(weights(first), weights(second))
    epoch_one, epoch_two = batches[:3], batches[3:]
    assert sorted(sum(epoch_one, ())) == sorted(sum(epoch_two, ())) == list(tiny.rows)
    assert epoch_one != epoch_two


def test_a_stop_keeps_what_was_trained(tiny, recipe, machine):
    control = StudyControl()

    def stop_in_second_epoch(event):
        if isinstance(event, BatchTrained) and event.step == 4:
            control.stop()

    outcome, events = run(tiny, recipe, machine, emit=stop_in_second_epoch, control=control)
    assert (outcome.stopped, outcome.epochs_done, outcome.steps_done) == (True, 1, 5)
    assert outcome.final_loss == losses(events)[-1]
    assert len(losses(events)) == 5
    undisturbed, all_events = run(tiny, recipe, machine)
    assert losses(events) == losses(all_events)[:5]
    assert not torch.equal(weights(outcome), weights(undisturbed))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]


def test_a_stop_before_the_first_batch_trains_nothing(tiny, recipe, machine):
    control = StudyControl()
    control.stop()
    outcome, events = run(tiny, recipe, machine, control=control)
    assert (outcome.stopped, outcome.epochs_done, outcome.steps_done, events) == (True, 0, 0, [])
    assert math.isnan(outcome.final_loss)
    assert tiny.pixels.asked == []


def test_a_pause_holds_the_next_batch_and_changes_nothing(tiny, recipe, machine):
    control, waiting, results = StudyControl(), threading.Event(), []
    control.listen(waiting.set, lambda: None)

    def pause_after_second(event):
        if isinstance(event, BatchTrained) and event.step == 1:
            control.pause()

    seen = []

    def work():
        results.append(
            run(
                tiny,
                recipe,
                machine,
                emit=lambda event: (seen.append(event), pause_after_second(event)),
                control=control,
            )
        )

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(timeout=30)
    assert len(losses(seen)) == 2
    control.unpause()
    thread.join(timeout=30)
    (outcome, events), (_, undisturbed) = results[0], run(tiny, recipe, machine)
    assert not outcome.stopped
    assert losses(events) == losses(undisturbed)


def test_a_stop_ends_a_pause(tiny, recipe, machine):
    control, results = StudyControl(), []
    control.listen(control.stop, lambda: None)
    control.pause()
    thread = threading.Thread(target=lambda: results.append(run(tiny, recipe, machine, control=control)))
    thread.start()
    thread.join(timeout=30)
    assert results[0][0].stopped


def test_a_loss_that_is_not_finite_is_reported_and_training_goes_on(tiny, recipe, machine):
    outcome, events = run(tiny, replace(recipe, learning_rate=1e38, epochs=3), machine)
    assert any(not math.isfinite(loss) for loss in losses(events))
    assert outcome.steps_done == 9
    assert not outcome.stopped


def test_a_batch_larger_than_the_set_is_one_batch_an_epoch(tiny, recipe, machine):
    outcome, events = run(tiny, replace(recipe, batch_size=1000), machine)
    assert [event.images for event in events if isinstance(event, BatchTrained)] == [25, 25]
    assert outcome.steps_done == 2


def test_an_error_of_the_pixels_ends_training_and_its_thread(tiny, recipe, machine):
    gather, calls = tiny.pixels.gather, []

    def fail_at_third(rows):
        calls.append(rows)
        if len(calls) == 3:
            raise OSError("the cache is gone")
        return gather(rows)

    tiny.pixels.gather = fail_at_third
    with pytest.raises(OSError, match="the cache is gone"):
        run(tiny, recipe, machine)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-batch")]


def test_superres_full_sized_images_train_too(recipe, machine, make_set):
    outcome, _ = run(make_set(10, size=(32, 40)), recipe, machine)
    assert np.isfinite(outcome.final_loss)


def test_without_validation_images_patience_changes_nothing(tiny, recipe, machine):
    patient, _ = run(tiny, replace(recipe, patience=1), machine)
    assert patient.epochs_done == recipe.epochs
