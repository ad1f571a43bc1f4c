import math
from dataclasses import replace

import numpy as np
import pytest

from engine.evaluation import compute_metrics
from engine.reports.aggregate import aggregate_baselines, aggregate_results, metrics_of_matrix
from engine.reports.results import Baseline, JobResult, Prediction, Seconds

CLASSES = ("apu", "bart", "homer", "never tested")


def answers(seed, images=60):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, images)
    return labels, np.where(rng.random(images) < 0.6, labels, rng.integers(0, 3, images))


def job(seed, fold, status="done", reason=""):
    labels, predicted = answers(10 * seed + fold)
    predictions = tuple(
        Prediction(f"{fold}/{i}.jpg", int(label), int(said), (1.0, 0.0, 0.0, 0.0))
        for i, (label, said) in enumerate(zip(labels, predicted, strict=True))
    )
    metrics = compute_metrics(labels, predicted, CLASSES)
    return JobResult("vanilla", seed, fold, status, reason, metrics, 1.0 + seed, 5, Seconds(1, 2, 3), predictions)


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_a_matrix_are_those_that_scikit_learn_gives(seed):
    labels, predicted = answers(seed)
    expected = compute_metrics(labels, predicted, CLASSES)
    found = metrics_of_matrix(expected.confusion_matrix, CLASSES)
    assert found.confusion_matrix == expected.confusion_matrix
    for name in ("precision", "recall", "f1"):
        for average in ("macro", "weighted", "micro"):
            assert getattr(getattr(found, name), average) == pytest.approx(getattr(getattr(expected, name), average))
    for ours, theirs in zip(found.per_class, expected.per_class, strict=True):
        assert (ours.name, ours.support) == (theirs.name, theirs.support)
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx((theirs.precision, theirs.recall, theirs.f1))
    assert found.accuracy == pytest.approx(expected.accuracy)


def test_a_matrix_without_an_image_has_no_scores():
    with pytest.raises(ValueError, match="no test images"):
        metrics_of_matrix([[0, 0], [0, 0]], ("a", "b"))


def test_one_job_is_its_own_pool():
    single = job(0, 0)
    assert aggregate_results([single]) is single


def test_folds_are_added_up_and_seeds_averaged():
    jobs = {(seed, fold): job(seed, fold) for seed in (3, 4) for fold in (0, 1)}
    pooled = aggregate_results(list(jobs.values()))
    matrices = {key: np.array(one.metrics.confusion_matrix) for key, one in jobs.items()}
    assert np.array(pooled.metrics.confusion_matrix).tolist() == sum(matrices.values()).tolist()
    seeds = [metrics_of_matrix((matrices[seed, 0] + matrices[seed, 1]).tolist(), CLASSES) for seed in (3, 4)]
    assert pooled.metrics.accuracy == pytest.approx(np.mean([one.accuracy for one in seeds]))
    for score in ("precision", "recall", "f1"):
        for average in ("macro", "weighted", "micro"):
            expected = np.mean([getattr(getattr(one, score), average) for one in seeds])
            assert getattr(getattr(pooled.metrics, score), average) == pytest.approx(expected)
    for label, scores in enumerate(pooled.metrics.per_class):
        assert scores.f1 == pytest.approx(np.mean([one.per_class[label].f1 for one in seeds]))
        assert scores.support == seeds[0].per_class[label].support
    assert pooled.final_loss == pytest.approx(4.5)
    assert pooled.seconds == Seconds(4, 8, 12)
    assert pooled.status == "done"
    assert [p.path for p in pooled.predictions] == [p.path for fold in (0, 1) for p in jobs[3, fold].predictions]


def test_the_worst_status_counts_and_says_whose_it_is():
    failed = replace(job(1, 0, "failed", "out of memory"), metrics=None, final_loss=None, predictions=())
    pooled = aggregate_results([job(0, 0), failed, job(2, 0, "stopped", "stopped after 1 of 5 epochs")])
    assert (pooled.status, pooled.reason) == ("failed", "seed 1, fold 0: out of memory")
    assert pooled.metrics is not None
    assert math.isfinite(pooled.final_loss)


def test_jobs_without_scores_pool_to_a_result_without_scores():
    failed = replace(job(1, 0, "failed", "no"), metrics=None, predictions=())
    assert aggregate_results([failed, replace(failed, seed=2)]).metrics is None


def test_baselines_of_several_folds_are_added_up():
    metrics = [job(seed, 0).metrics for seed in (1, 2)]
    pooled = aggregate_baselines([Baseline("majority", one) for one in metrics])
    assert pooled.name == "majority"
    assert sum(map(sum, pooled.metrics.confusion_matrix)) == 120


def test_a_seed_that_lacks_a_fold_does_not_count_beside_one_that_has_all():
    def ended(seed, fold, matrix):
        metrics = metrics_of_matrix(matrix, ["a", "b"]) if matrix else None
        status = "done" if matrix else "failed"
        return JobResult("vanilla", seed, fold, status, "", metrics, 0.1, 1, Seconds(1, 1, 1))

    easy, hard = ((5, 0), (0, 5)), ((0, 5), (5, 0))
    pooled = aggregate_results([ended(0, 0, easy), ended(0, 1, None), ended(1, 0, easy), ended(1, 1, hard)])
    assert pooled.status == "failed"
    assert pooled.metrics == metrics_of_matrix(((5, 5), (5, 5)), ["a", "b"])
