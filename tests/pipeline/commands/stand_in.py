"""A SavedModel with the signature `recommend` of the real one: newest history first, then the catalogue."""

import json

import tensorflow as tf

from schema import names


def write_stand_in(folder, products, features):
    class StandIn(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, "user_id"),
                tf.TensorSpec([None], tf.int64, "query_time"),
                tf.TensorSpec([None, None], tf.string, "history_product_id"),
                tf.TensorSpec([None, None], tf.int64, "history_time"),
                tf.TensorSpec([None, None], tf.string, "history_event_type"),
                tf.TensorSpec([None], tf.string, "user__colour_liked"),
                tf.TensorSpec([None], tf.float32, "user__age"),
                tf.TensorSpec([], tf.int64, "top_k"),
                tf.TensorSpec([], tf.bool, "exclude_purchased"),
            ]
        )
        def recommend(self, user_id, query_time, ids, times, types, colour, age, top_k, exclude):
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
                "source": tf.where(bought, "own_history", tf.where(exclude, "popular", colour[:, None])),
                "times_bought": tf.cast(bought, tf.int64),
                "days_since_last": tf.where(bought, days, nothing),
                "usual_interval_days": nothing,
                "neighbour_of": tf.fill(tf.shape(rows), ""),
            }

    module = StandIn()
    tf.saved_model.save(module, str(folder), signatures={"recommend": module.recommend})
    path = folder / names.SERVING_METADATA
    path.parent.mkdir(exist_ok=True)
    metadata = {"features": features, "history_length": 50, "num_products": len(products)}
    path.write_text(json.dumps(metadata))
