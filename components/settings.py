"""Settings of gates, post-ranking and candidate sources."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from schema.rules import Rule
from schema.settings import Settings

Days = Annotated[str, StringConstraints(pattern=r"^\d+d$")]
"""A number of days, such as `14d`."""
Share = Annotated[float, Field(ge=0, le=1)]
_MAX_DUPLICATES_OF_DAYS = 0.4
BaselineName = Literal[
    "popularity",
    "trending",
    "own_frequency",
    "last_seen",
    "user_knn",
    "tifu_knn",
    "item_knn",
    "transitions",
    "ease",
    "als",
    "bpr",
]


class IndexSettings(Settings):
    """Candidate sources beside the two towers."""

    num_neighbours: Annotated[int, Field(ge=1)] = 50
    """Item-to-item neighbours kept for a product."""
    half_life_days: Annotated[float, Field(gt=0)] = 60.0
    """Half-life of an event's weight where neighbours are counted."""
    ease_products: Annotated[int, Field(ge=0)] = 4000
    """Most bought products among which EASE is solved; its cost grows with the third power."""
    ease_weights: Annotated[int, Field(ge=1)] = 100
    """Weights of EASE kept for a product."""
    similar_users: Annotated[int, Field(ge=0)] = 4096
    """Users, the most active of late, among whom those like a user are sought; 0 seeks none."""


class PrerankingSettings(Settings):
    """The small network that cuts the pool of all sources to the candidates that are ranked."""

    enabled: bool = True
    """Whether the pool is cut by it; otherwise by fixed quotas of the sources."""
    pool_size: Annotated[int, Field(ge=1, le=5000)] = 2000
    """Products that it scores for a query."""
    max_queries: Annotated[int, Field(ge=1)] = 2000
    """Queries of the training windows from which it learns, about."""
    negative_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the products not bought that it sees."""
    hidden_dim: Annotated[int, Field(ge=1)] = 64
    """Width of its first hidden layer; the second has half of it."""
    num_epochs: Annotated[int, Field(ge=1)] = 10
    """Passes over the pairs; the learning rate falls to 0 over them."""
    batch_size: Annotated[int, Field(ge=1)] = 2048
    """Pairs of a query and a product per step."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """Learning rate at the start."""


class BaselineSettings(Settings):
    """The classics with which every model is compared."""

    systems: Annotated[tuple[BaselineName, ...], Field(min_length=1)] = get_args(BaselineName)
    """Which of them are tuned and measured, at least one; popularity and own_frequency always are."""
    max_tuning_queries: Annotated[int, Field(ge=1)] = 400
    """Users of the eval window on whom settings are chosen; beyond, a seeded sample."""
    max_neighbour_users: Annotated[int, Field(ge=1)] = 20_000
    """Users, the most active, among whom user_knn seeks neighbours."""
    ease_products: Annotated[int, Field(ge=1)] = 4000
    """Most bought products among which ease is solved; its cost grows with the third power."""


class GateSettings(Settings):
    """What a model must reach to be pushed. The whole composed system is measured on the test window."""

    min_ndcg: Share = 0.0
    """Absolute floor of NDCG@10."""
    min_coverage: Share = 0.0
    """Absolute floor of catalogue coverage@10."""
    against_popularity: Literal["clearly_better", "not_worse", "off"] = "not_worse"
    """What the paired 95 % interval of NDCG@10 against popularity must show: that the model is better
    (its lower end above zero), or only that it is not worse (its upper end above zero). Asked of
    everything, of what was never bought before, and of new, light and heavy users where there are 200."""
    against_baselines: Literal["clearly_better", "not_worse", "off"] = "not_worse"
    """The same against each of the other `baselines.systems`."""
    max_champion_loss: Share = 0.02
    """Largest accepted relative loss of NDCG@10 against the champion, by the mean."""
    max_slice_loss: Share = 0.1
    """Largest accepted relative loss of NDCG@10 against the champion on any slice of the test window; what
    counts is the end of the 95 % interval that speaks for the model."""
    min_auc: Share = 0.5
    """Floor of the ranker's AUC in the TFMA Evaluator."""
    min_retrieval_recall: Share = 0.0
    """Floor of the candidate union's recall on the eval window."""
    max_latency_ms: Annotated[float, Field(gt=0)] = 500.0
    """Maximum p99 latency of a request in the ServingValidator."""
    max_different_answers: Share = 0.05
    """Largest accepted share of its requests whose answer differs from the offline one by more than rounding
    explains (docs/served-model.md)."""
    max_orphans: Share = 0.05
    """Largest accepted share of events whose product has no row in `products` (if that table has rows)."""
    max_duplicates: Share = 0.1
    """Largest accepted share of events that repeat another in user, product, stamp, type, basket, quantity
    and price; where stamps have no time of the day, at least 0.4 is accepted."""
    max_user_share: Share = 0.5
    """Largest accepted share of all events that one user has."""
    max_outlying_stamps: Share = 0.01
    """Largest accepted share of events whose stamp lies far before all others."""
    max_top_product: Share = 0.9
    """Largest accepted share of all events that one product has."""
    max_test_queries: Annotated[int, Field(ge=1)] = 5_000
    """Users of the test window on which the composed system is measured; beyond, a seeded sample."""
    min_queries: Annotated[int, Field(ge=1)] = 5
    """Minimum number of users in the eval and in the test window."""

    def accepted_duplicates(self, has_clock: bool) -> float:
        """`max_duplicates`, and more where stamps are days: two purchases of a day cannot be told apart."""
        return self.max_duplicates if has_clock else max(self.max_duplicates, _MAX_DUPLICATES_OF_DAYS)


class PostRankingSettings(Settings):
    """The third stage. `auto` excludes purchased products where the data show no repeat purchases."""

    exclude_purchased: Literal["auto", "off", "always"] | Days = "auto"
    """Whether products of the user's history may be recommended again; a number of days such as `14d` leaves
    out what was bought within them."""
    popularity_discount: Literal["auto"] | Annotated[float, Field(ge=0)] = "auto"
    """Weight of the log popularity that is taken off the ranker's scores, so that more of the catalogue is
    shown. `auto`: the largest (up to 0.3) that costs no more than `max_ndcg_loss` and `max_new_ndcg_loss`
    on the eval window."""
    max_ndcg_loss: Share = 0.005
    """Largest accepted relative loss of NDCG@10 for `popularity_discount`."""
    max_new_ndcg_loss: Share = 0.025
    """The same for NDCG@10 of what the user never bought before."""
    new_product_share: Annotated[float, Field(ge=0, le=0.1)] = 0.05
    """Share of the slots of a list that products never sold before get; of 0.05, every twentieth."""
    calibration: Share = 0.0
    """How much the user's own mix of categories counts against relevance in the first hundred ranks."""
    freshness_boost: Annotated[float, Field(ge=0)] = 0.0
    """What a product of today gains, in standard deviations of the scores of the user's candidates."""
    freshness_half_life_days: Annotated[float, Field(gt=0)] = 30.0
    """Age (since `created_at`, or the first sale) at which half of `freshness_boost` is left."""
    cold_start: Literal["auto", "segment", "model"] = "auto"
    """Who has no history gets what is popular in the segment that the user columns tell, or with everybody;
    or the order of the ranker, which may have learned on such users (`ranking.cold_share`). `auto`: the
    segments where the eval window has thirty such users and shows that they order better than popularity
    and the ranker do; with fewer such users, segments."""
    exploration: Share = 0.0
    """How evenly the first hundred ranks are drawn, with `propensity` in the answer; 0: not drawn."""
    diversity: Literal["auto"] | Share = "auto"
    """How much dissimilarity counts against relevance in the first hundred ranks; 1: nothing else counts.
    `auto`: the largest of a few that costs no more than `max_diversity_loss` on the eval window."""
    max_diversity_loss: Share = 0.003
    """Largest accepted relative loss of NDCG@10 for `diversity`, on top of `max_ndcg_loss`."""
    diversity_method: Literal["mmr", "dpp"] = "mmr"
    """Maximal marginal relevance, or the greedy search in a determinantal point process."""
    rules: tuple[Rule, ...] = ()
    """Business rules: boost, bury, pin, at_most, only and never (docs/post-ranking.md)."""
