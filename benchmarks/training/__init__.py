"""Training steps of retrieval: a plain two-tower model of TensorFlow Recommenders against our trainer.

    python -m benchmarks.training --workdir .towerline

All contestants train on the queries of a finished run, with Keras' `fit`, each in a process of its own so
that its peak memory is its own; they take turns.

The plain model is what the tutorials build: strings through `StringLookup` and `Embedding` (one table in each
tower), the mean of the history, two dense layers, `tfrs.tasks.Retrieval` with the negatives of the batch,
dense Adam. Its batches lie in memory ready made; ours gathers, shuffles and pads its batches at each step.
It knows ids alone; ours also embeds every feature of users and products, and draws 1,024 more negatives.

An example is a pair of a query and one of its targets. Ours draws several targets of each query of a step,
so the plain model is measured twice: with as many queries a step, and with as many pairs.
"""
