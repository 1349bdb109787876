"""Settings of the two models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schema.settings import Settings

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Distribution = Literal["none", "mirrored", "multi_worker"]


class RetrievalSettings(Settings):
    """The two-tower retrieval model."""

    encoder: Literal["mf", "mean", "gru", "transformer", "content"] = "mean"
    """History encoder of the query tower: means under several rates of forgetting, a GRU, or causal
    self-attention. `mf` reads ids alone (matrix factorisation), `content` reads no ids at all."""
    loss: Literal["sampled_softmax", "full_softmax", "in_batch"] = "sampled_softmax"
    """Negatives: those of the batch and uniform ones, with logQ correction; the whole catalogue; those
    of the batch alone, with logQ correction."""
    embedding_dim: Positive = 64
    """Length of query and candidate embeddings."""
    hidden_dim: Positive = 128
    """Width of the hidden layer of each tower."""
    num_epochs: Positive = 6
    """Maximum epochs over the training queries; the best by eval recall is kept."""
    batch_size: Positive = 256
    """Queries per step."""
    targets_per_query: Positive = 4
    """Products drawn from the targets of a query at each step."""
    num_uniform_negatives: Annotated[int, Field(ge=0)] = 1024
    """Negatives drawn uniformly from the catalogue at each step, beside the in-batch ones."""
    num_hard_negatives: Annotated[int, Field(ge=0)] = 0
    """Best scored products (by the towers as they were when the epoch began) added for each query of a
    step as negatives of all its queries."""
    user_weighting: Literal["events", "users"] = "events"
    """Whether a user counts by the number of their queries, or every user alike."""
    learning_rate: Annotated[float, Field(gt=0)] = 5e-3
    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Divisor of the cosine similarity in the softmax."""
    id_dropout: Rate = 0.2
    """Share of product and user ids that are hidden in training, so that content carries cold ones."""
    distribution: Distribution = "none"
    """How it is trained: by one replica, by one on each accelerator of the machine (`mirrored`), or by
    several processes that `TF_CONFIG` tells of each other (`multi_worker`)."""


class RankingSettings(Settings):
    """The ranking model."""

    model: Literal["dcn", "dlrm", "mlp", "ncf"] = "dcn"
    """Architecture: deep and cross network (version 2), dot interactions, multi-layer perceptron, or
    neural collaborative filtering (NeuMF)."""
    loss: Literal["decoupled_softmax", "listwise_softmax", "pairwise", "pointwise"] = "decoupled_softmax"
    """What the order is trained on."""
    new_weight: Annotated[float, Field(ge=0)] = 0.3
    """What the loss among products that the user has never bought before counts beside that among all."""
    head_weight: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How much the heads (event types, quantity, rating) shape the network that the order is read from;
    0: they only read it."""
    num_candidates: Positive = 600
    """Candidates a query is given, in training and in serving."""
    cold_share: Literal["auto"] | Rate = "auto"
    """Share of the training users whose queries come a second time without history, as new users. It
    helps those, and costs others a little. `auto`: as many (at most half of the users) as make queries
    without history as frequent in training as they are in the eval window."""
    max_train_queries: Positive = 12_000
    """Queries on which the ranker is trained, about; beyond, a sample of users stands for all."""
    max_eval_queries: Positive = 5_000
    """Queries on which it is evaluated, likewise."""
    num_cross_layers: Annotated[int, Field(ge=0)] = 2
    """DCN only."""
    embedding_dim: Positive = 16
    """Length of the vectors of `dlrm` and `ncf`."""
    hidden_dim: Positive = 96
    """Width of the first deep layer; the second has half of it."""
    num_epochs: Positive = 5
    """Maximum epochs; the learning rate falls to 0 over them, the best by eval NDCG@10 is kept."""
    batch_size: Positive = 32
    """Queries (lists of candidates) per step."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    dropout: Rate = 0.1
    distribution: Distribution = "none"
    """How it is trained: by one replica, by one on each accelerator of the machine (`mirrored`), or by
    several processes that `TF_CONFIG` tells of each other (`multi_worker`)."""
