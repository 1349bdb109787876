"""Two nodes of TFX that take no time; the test puts this folder on the path, for TFX imports them by name."""

import os
import signal

from tfx import v1 as tfx
from tfx.dsl.component.experimental.decorators import component

from schema.errors import PipelineRefusedError, UserError


@component
def Writer(model: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.Model]):  # noqa: N802
    model.set_string_custom_property("colour", "red")
    print("chatter of TFX")  # noqa: T201


@component
def Reader(  # noqa: N802
    model: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Model],
    behaviour: tfx.dsl.components.Parameter[str],
    report: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.ModelBlessing],
):
    if behaviour == "refuse":
        raise PipelineRefusedError("the data are not valid")
    if behaviour == "mistake":
        raise UserError("no such table")
    if behaviour == "beam":
        raise RuntimeError("schema.errors.UserError: no such column [while running 'Read']")
    if behaviour == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "crash":
        raise ZeroDivisionError("never mind")
    report.set_int_custom_property("blessed", 1)


def create(plan, behaviour):
    writer = Writer().with_id("Writer")
    reader = Reader(model=writer.outputs["model"], behaviour=behaviour).with_id("Reader")
    return tfx.dsl.Pipeline(
        pipeline_name="towerline",
        pipeline_root=plan.artifact_root,
        components=[writer, reader],
        enable_cache=True,
    )
