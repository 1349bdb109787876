"""From `beam.runner` and `beam.args` to the arguments that every Beam node is given."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import field_validator

from schema.errors import UserError
from schema.settings import Settings

_RUNNERS: Final = {
    "direct": "DirectRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
    "portable": "PortableRunner",
}
_BRINGS_OUR_CODE: Final = (
    "--setup_file",
    "--extra_package",
    "--extra_packages",
    "--sdk_container_image",
    "--worker_harness_container_image",
)
_IN_THIS_PROCESS: Final = "--environment_type=LOOPBACK"
_ON_THESE_MACHINES: Final = "--environment_type=PROCESS"
_SETUP_FILE: Final = Path(__file__).parents[2] / "setup.py"


class BeamSettings(Settings):
    """Where Beam runs."""

    runner: Literal["direct", "flink", "spark", "dataflow", "portable"] = "direct"
    """Beam runner; `portable` is a job server of Flink or Spark that runs already (`--job_endpoint`)."""
    args: tuple[str, ...] = ()
    """Further Beam arguments, such as `--direct_running_mode=multi_processing` and
    `--direct_num_workers=4`, or `--flink_master=host:8081` (docs/workers.md)."""

    @field_validator("args")
    @classmethod
    def _named_once(cls, args: tuple[str, ...]) -> tuple[str, ...]:
        for argument in args:
            if not argument.startswith("--"):
                raise ValueError(f"a Beam argument is one text, such as `--name=value`; `{argument}` is not")
            if argument.split("=")[0] == "--runner":
                raise ValueError("the runner is named by `beam.runner`")
        return args


def beam_arguments(settings: BeamSettings) -> list[str]:
    """Returns the arguments; none for the default, so that TFX packs no code for workers that are here.

    The workers of other runners need our package: from the image that they run, from the environment
    that they are started in, or else by `setup.py`, which Beam makes a source distribution of for each node.

    Raises:
        UserError: The workers would have no code, because this installation has no `setup.py`.
    """
    if settings.runner == "direct" and not settings.args:
        return []
    arguments = [f"--runner={_RUNNERS[settings.runner]}", *settings.args]
    brought = any(argument.split("=")[0] in _BRINGS_OUR_CODE for argument in settings.args)
    if brought or _IN_THIS_PROCESS in settings.args:
        return arguments
    if _SETUP_FILE.is_file():
        return [*arguments, f"--setup_file={_SETUP_FILE}"]
    if settings.runner == "direct" or _ON_THESE_MACHINES in settings.args:
        return arguments
    raise UserError(
        f"The workers of `beam.runner: {settings.runner}` have no code of ours: this installation has no "
        "`setup.py`. Remedy: name the image of the pipeline in `beam.args` as `--sdk_container_image=IMAGE`, "
        "or a checkout's `--setup_file=/path/of/setup.py`."
    )
