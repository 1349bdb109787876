"""A pod's import of TFX, in a process of its own."""

import json
import subprocess
import sys

CODE = """
import json, sys
from pipeline.kubeflow.light_tfx import use_light_tfx
use_light_tfx()
from tfx.orchestration.portable import launcher
before = sorted({"keras_tuner", "kubernetes", "tensorflow_model_analysis", "IPython"} & set(sys.modules))
import tfx.components.trainer.executor
whole = sys.modules["tfx.components"]
is_closed = not hasattr(whole, "__all__")
name = whole.StatisticsGen.__module__
use_light_tfx()
print(json.dumps([before, is_closed, name, whole is sys.modules["tfx.components"]]))
"""


def test_the_launcher_comes_without_what_no_node_needs():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    before, is_closed, name, is_same = json.loads(done.stdout.splitlines()[-1])
    assert before == [] and is_closed and is_same
    assert name == "tfx.components.statistics_gen.component"
