"""Runs ProductExampleGen alone: `generate.py SOURCE WORKDIR`, and further arguments of Beam."""

import sys


def main(url: str, workdir: str, *args: str) -> int:
    from tfx import v1 as tfx

    from pipeline.config.beam_arguments import beam_arguments
    from pipeline.config.settings import TowerlineConfig
    from pipeline.create_pipeline import data_nodes
    from pipeline.metadata.connection import connection_config
    from pipeline.planning.planner import make_plan
    from pipeline.runs.local_runner import run_locally
    from schema.errors import UserError

    config = TowerlineConfig.parse({"source": {"url": url}, "beam": {"args": args}})
    plan = make_plan(config, workdir).plan

    def create(plan):
        return tfx.dsl.Pipeline(
            pipeline_name="towerline",
            pipeline_root=plan.artifact_root,
            components=[data_nodes(plan, {})["ProductExampleGen"].with_id("ProductExampleGen")],
            metadata_connection_config=connection_config(plan.metadata_path),
            beam_pipeline_args=beam_arguments(plan.config.beam),
        )

    try:
        (stage,) = run_locally(plan, create, quiet=True).stages
    except UserError as error:
        sys.stderr.write(f"refused: {error}\n")
        return 2
    sys.stderr.write(f"{stage.node} {stage.outcome}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
