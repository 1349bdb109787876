"""One of several processes that train together: `python distributed_worker.py ARGUMENTS.json`."""

import json
import sys
from types import SimpleNamespace

import numpy as np

from trainer.ranking import run as ranking
from trainer.retrieval import run as retrieval
from trainer.shared.distribution import Workers
from trainer.shared.fitting import fit_best

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

ROWS, BATCH = 64, 16


def fit_line(distribution):
    """Fits what has no randomness, so that workers must agree with one process to the last digits."""
    workers = Workers.of(distribution)
    inputs = np.random.default_rng(3).normal(size=(ROWS, 3)).astype(np.float32)
    targets = (inputs @ [[1.0], [-2.0], [0.5]]).astype(np.float32)
    size = workers.batch_size(BATCH)
    batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(size)
    with workers.strategy.scope():
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="zeros")])
        model.build([None, 3])
        model.compile(optimizer=tf.keras.optimizers.Adam(0.05), loss="mse")
    curve = fit_best(
        model,
        workers.spread(batches),
        5,
        workers.agreed(lambda: -float(np.mean((model(inputs).numpy() - targets) ** 2))),
    )
    weights = [variable.numpy().tolist() for variable in model.trainable_variables]
    return {"weights": weights, "metric": [row.metric for row in curve]}


def main(path):
    with open(path) as file:
        given = json.load(file)
    line = fit_line(given["distribution"])
    for run_fn, arguments in ((retrieval.run_fn, given["retrieval"]), (ranking.run_fn, given["ranking"])):
        run_fn(SimpleNamespace(**arguments))
    with open(given["output"], "w") as file:
        json.dump(line, file)


if __name__ == "__main__":
    main(sys.argv[1])
