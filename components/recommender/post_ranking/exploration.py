"""Draws the head of a list instead of taking it as it stands, and says how likely each draw was.

The policy of Hofmann, Whiteson and de Rijke ("Balancing exploration and exploitation in learning to rank
online", ECIR 2011): products are drawn one after the other without replacement, each with a chance
proportional to `1 / rank ** power` (a Plackett-Luce model), with `power = 1 / exploration - 1`: their power
of 3 is an exploration of 0.25, and 1 draws evenly. Adding Gumbel noise to the logarithms and sorting draws
the whole list at once (Kool, van Hoof and Welling, "Stochastic beams and where to find them", ICML 2019).
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from components.recommender.post_ranking.diversity import head_size
from schema import names

Tensors = dict[str, Any]

_TIER_GAP = 1e4
"""More than any rank or draw can make good: a lower tier is exhausted first."""
_RESOLUTION = 2**52


class Exploration(tf.Module):
    """Draws the order of the first hundred ranks.

    The draw depends on the seed, the product and the request (user, cutoff, history) alone: the same
    request gets the same list, in whatever batch it comes.

    Args:
        amount: Above 0, at most 1.
        seed: Seed of the configuration.
    """

    def __init__(self, amount: float, seed: int) -> None:
        super().__init__()
        self.power = 1.0 / amount - 1.0
        self.seed = seed

    def __call__(
        self, order: tf.Tensor, index: tf.Tensor, tier: tf.Tensor, inputs: Tensors
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws.

        Args:
            order: Indices, lower tiers first `[batch, width]`.
            index: Products `[batch, width]`.
            tier: Of each index; a tier is drawn only when the lower ones are exhausted `[batch, width]`.
            inputs: The request.

        Returns:
            The order drawn, and of each rank the chance with which it was drawn, given what was drawn
            before it; 1 outside the head. The product over a list's items is the chance of the list.
        """
        size = head_size(order)
        head = order[:, :size]
        rank = tf.range(1, size + 1)[tf.newaxis, :]
        weight = -self.power * tf.math.log(tf.cast(rank, tf.float64))
        weight -= _TIER_GAP * tf.cast(tf.gather(tier, head, batch_dims=1), tf.float64)
        noise = gumbel(tf.gather(index, head, batch_dims=1), inputs, self.seed)
        drawn = tf.argsort(weight + noise, axis=1, direction="DESCENDING", stable=True)
        chance = conditional_chances(tf.gather(weight, drawn, batch_dims=1))
        order = tf.concat([tf.gather(head, drawn, batch_dims=1), order[:, size:]], axis=1)
        chance = tf.pad(chance, [[0, 0], [0, tf.shape(order)[1] - size]], constant_values=1.0)
        return order, tf.gather(chance, tf.argsort(order), batch_dims=1)


def conditional_chances(weight: tf.Tensor) -> tf.Tensor:
    """Chance of each item of a drawn list among those that were left.

    Args:
        weight: Log weights in the order of the draw `[batch, drawn]`, float64.

    Returns:
        float32 `[batch, drawn]`; that of the last is 1.
    """
    left = tf.math.cumulative_logsumexp(weight, axis=1, reverse=True)
    return tf.cast(tf.exp(weight - left), tf.float32)


def gumbel(product: tf.Tensor, inputs: Tensors, seed: int) -> tf.Tensor:
    """Standard Gumbel noise of each product `[batch, width]` of each request, float64."""
    events = tf.strings.reduce_join(inputs[names.HISTORY_PRODUCT_ID], axis=1)
    cutoff = tf.strings.as_string(inputs[names.QUERY_TIME])
    request = tf.strings.join([inputs[names.USER_ID], cutoff, events], separator="\n")
    of_each = tf.tile(request[:, tf.newaxis], [1, tf.shape(product)[1]])
    keys = tf.strings.join([of_each, tf.strings.as_string(product)], separator="\n")
    number = tf.strings.to_hash_bucket_strong(keys, _RESOLUTION, key=[seed, 0])
    uniform = (tf.cast(number, tf.float64) + 0.5) / _RESOLUTION
    return -tf.math.log(-tf.math.log(uniform))
