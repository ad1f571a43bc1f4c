"""What the dashboard asks of the engine; a test hands the session another one."""

from typing import TYPE_CHECKING, cast

import engine


class Engine:
    """The functions of the module `engine` that the dashboard calls, with the module's own signatures.

    All of them wait for the disk or the processor, so they are called in threads.
    """

    if TYPE_CHECKING:  # naming them here at run time would import the whole engine before the first frame
        EventFollower = engine.EventFollower
        attempt_output = staticmethod(engine.attempt_output)
        audit_dataset = staticmethod(engine.audit_dataset)
        dataset_readings = staticmethod(engine.dataset_readings)
        estimate = staticmethod(engine.estimate)
        inspect_dataset = staticmethod(engine.inspect_dataset)
        judge_study = staticmethod(engine.judge_study)
        leak_of_study = staticmethod(engine.leak_of_study)
        list_runs = staticmethod(engine.list_runs)
        load_config = staticmethod(engine.load_config)
        load_record = staticmethod(engine.load_record)
        measure_explanation = staticmethod(engine.measure_explanation)
        measure_resolution = staticmethod(engine.measure_resolution)
        open_explainer = staticmethod(engine.open_explainer)
        open_gallery = staticmethod(engine.open_gallery)
        open_run = engine.open_run
        predict_images = staticmethod(engine.predict_images)
        read_image = staticmethod(engine.read_image)
        reconstruct = staticmethod(engine.reconstruct)
        remove_run = staticmethod(engine.remove_run)
        resume_study = staticmethod(engine.resume_study)
        resume_tuning = staticmethod(engine.resume_tuning)
        run_study = staticmethod(engine.run_study)
        send_request = staticmethod(engine.send_request)
        stored_explanation = staticmethod(engine.stored_explanation)
        stored_resolution = staticmethod(engine.stored_resolution)
        summary_of = staticmethod(engine.summary_of)
        tune = staticmethod(engine.tune)
        warm_up = staticmethod(engine.warm_up)


REAL_ENGINE = cast(Engine, engine)
