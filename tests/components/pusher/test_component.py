"""Wiring of the Pusher."""


def test_wiring():
    from tfx import types
    from tfx.types import standard_artifacts

    from components.pusher.component import Pusher
    from components.pusher.executor import Executor

    pusher = Pusher(
        model=types.Channel(type=standard_artifacts.Model),
        evaluated_model=types.Channel(type=standard_artifacts.Model),
        classic_model=types.Channel(type=standard_artifacts.Model),
        evaluated_classic=types.Channel(type=standard_artifacts.Model),
        model_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        ranking_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        infra_blessing=types.Channel(type=standard_artifacts.InfraBlessing),
        push_directory="/srv/models",
    )
    assert pusher.executor_spec.executor_class is Executor
    assert "/srv/models" in str(pusher.exec_properties["push_destination"])
    assert pusher.outputs["pushed_model"].type is standard_artifacts.PushedModel
