"""What every system is asked, from the artifacts of ProductExampleGen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from components.evaluation.baselines.base import EvaluationSet
from components.evaluation.events import Past
from components.evaluation.examples import catalogue, first_values, flat_texts, read_split, texts
from components.evaluation.lists import BoolArray, CodeLists, IntArray
from components.evaluation.served import ALWAYS, OFF
from components.interactions.events import ShopEvents, encode, read_shop_events
from schema import names
from schema.errors import PipelineRefusedError


@dataclass(frozen=True)
class Shop:
    """The catalogue and the events.

    Attributes:
        product_ids: The catalogue.
        available: What may be recommended, `[products]`.
        events: All events.
        catalog: The rows of the catalogue, in the order of `product_ids`.
    """

    product_ids: pa.Array
    available: BoolArray
    events: ShopEvents
    catalog: pa.Table


def read_shop(examples_uri: str, interactions_uri: str) -> Shop:
    """Reads the catalog split and the Interactions."""
    catalog = read_split(examples_uri, names.CATALOG)
    product_ids, available = catalogue(catalog)
    return Shop(product_ids, available, read_shop_events(interactions_uri, product_ids), catalog)


def build_evaluation_set(
    shop: Shop, table: pa.Table, cutoff: int, split: str, exclusion: str
) -> EvaluationSet:
    """The evaluation set of a query split.

    Args:
        shop: Catalogue and events.
        table: Rows of the split.
        cutoff: Start of the split's window.
        split: Its name, for messages.
        exclusion: Which purchased products the served model never recommends; baselines neither.

    Raises:
        PipelineRefusedError: The split has no rows.
        ValueError: A row asks at another cutoff.
    """
    if not len(table):
        raise PipelineRefusedError(
            f"Split `{split}` has no user with an event in its window, so nothing can be measured. "
            f"Remedy: choose a longer `split.{split}_window`."
        )
    cutoffs = np.unique(first_values(table, names.QUERY_TIME).to_numpy())
    if cutoffs.tolist() != [cutoff]:
        raise ValueError(
            f"All queries of split `{split}` are asked at the start of its window, {cutoff}. "
            f"Received: query_time={cutoffs[:3].tolist()}. Remedy: run ProductExampleGen again."
        )
    past = Past.before(shop.events, cutoff, shop.available)
    users = encode(texts(first_values(table, names.USER_ID)), shop.events.user_ids)
    rows, targets = flat_texts(table, names.TARGET_PRODUCT_ID)
    return EvaluationSet(
        past=past,
        users=users,
        targets=CodeLists.from_pairs(rows, encode(targets, shop.product_ids), len(table)),
        excluded=_excluded(past, users, exclusion),
    )


def sample_rows(table: pa.Table, most: int, seed: int) -> pa.Table:
    """At most `most` rows, drawn without replacement and left in their order."""
    if len(table) <= most:
        return table
    chosen = np.random.default_rng(seed).choice(len(table), most, replace=False)
    return table.take(np.sort(chosen))


def never_bought(eval_set: EvaluationSet) -> EvaluationSet:
    """The evaluation set of products new to the user: purchased ones are neither targets nor answers."""
    purchased = eval_set.past.purchased(eval_set.users)
    return replace(eval_set, targets=eval_set.targets.without(purchased), excluded=purchased)


def _excluded(past: Past, users: IntArray, exclusion: str) -> CodeLists:
    if exclusion == OFF:
        return CodeLists.from_pairs([], [], len(users))
    if exclusion == ALWAYS:
        return past.purchased(users)
    days = int(exclusion.removesuffix("d"))
    return past.purchased(users, since=past.cutoff - days * names.SECONDS_PER_DAY + 1)
