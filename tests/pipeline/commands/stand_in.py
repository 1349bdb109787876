"""A SavedModel with the signature `recommend` of the real one: newest history first, then the catalogue."""

import json

from components.recommender.request import request_specs
from schema import names
from schema.features import FeatureSet

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def write_stand_in(folder, products, features):
    specs = request_specs(FeatureSet.model_validate(features))
    specs |= {
        names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K),
        names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED),
    }

    class StandIn(tf.Module):
        def recommend(self, top_k, exclude_purchased, **request):
            user_id, query_time, times = (
                request[name] for name in (names.USER_ID, names.QUERY_TIME, names.HISTORY_TIME)
            )
            ids, colour = request[names.HISTORY_PRODUCT_ID], request["user__colour_liked"]
            count = tf.cast(top_k, tf.int32)
            newest = tf.reduce_max(times, 1)
            catalogue = tf.constant(products)[:count]
            pad = tf.fill([count - tf.size(catalogue)], "")
            rows = tf.tile(tf.concat([catalogue, pad], 0)[None], [tf.size(user_id), 1])
            bought = tf.reduce_any(rows[:, :, None] == ids[:, None, :], 2)
            score = tf.tile(tf.cast(tf.range(count, 0, -1), tf.float32)[None], [tf.size(user_id), 1])
            days = tf.cast(query_time - newest, tf.float32)[:, None] / 86400.0
            nothing = tf.fill(tf.shape(score), float("nan"))
            return {
                "product_id": rows,
                "score": score,
                "source": tf.where(
                    bought, "own_history", tf.where(exclude_purchased, "popular", colour[:, None])
                ),
                "times_bought": tf.cast(bought, tf.int64),
                "days_since_last": tf.where(bought, days, nothing),
                "usual_interval_days": nothing,
                "neighbour_of": tf.fill(tf.shape(rows), ""),
            }

    module = StandIn()
    recommend = tf.function(module.recommend).get_concrete_function(**specs)
    tf.saved_model.save(module, str(folder), signatures={names.RECOMMEND: recommend})
    path = folder / names.SERVING_METADATA
    path.parent.mkdir(exist_ok=True)
    metadata = {"features": features, "history_length": 50, "num_products": len(products)}
    path.write_text(json.dumps(metadata))
