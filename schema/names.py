"""Names of features, splits and signatures: what the packages share instead of importing each other."""

from typing import Final

# Splits of the Examples artifact.
TRAIN: Final = "train"
EVAL: Final = "eval"
TEST: Final = "test"
CATALOG: Final = "catalog"
QUERY_SPLITS: Final = (TRAIN, EVAL, TEST)
SPLITS: Final = (TRAIN, EVAL, TEST, CATALOG)

# Raw features of a query row.
USER_ID: Final = "user_id"
QUERY_TIME: Final = "query_time"
QUERY_KIND: Final = "query_kind"
TARGET_END: Final = "target_end"
HISTORY_PRODUCT_ID: Final = "history_product_id"
HISTORY_TIME: Final = "history_time"
HISTORY_EVENT_TYPE: Final = "history_event_type"
TARGET_PRODUCT_ID: Final = "target_product_id"
TARGET_WEIGHT: Final = "target_weight"

# Transformed features that have another name than the raw one.
USER_INDEX: Final = "user_index"
PRODUCT_INDEX: Final = "product_index"
HISTORY_INDEX: Final = "history_index"
HISTORY_TYPE: Final = "history_type"
HISTORY_AGE: Final = "history_age"
TARGET_INDEX: Final = "target_index"

# Vocabulary files of the transform graph.
PRODUCT_VOCABULARY: Final = "product_id"
USER_VOCABULARY: Final = "user_id"

# Indices that the transform graph gives: 0 is missing, 1 is not in the vocabulary.
FIRST_CATEGORY: Final = 2
NUM_NUMBER_BUCKETS: Final = 16
NUM_HASHED_WORDS: Final = 256

# Features of a row of candidates, beside those of its query.
QUERY_EMBEDDING: Final = "query_embedding"
CANDIDATE_INDEX: Final = "candidate_index"
CANDIDATE_FEATURES: Final = "candidate_features"
"""Scores of the sources and statistics of the product for each candidate: `served/candidate_features.py`."""
LABEL: Final = "label"
LABEL_EVENTS: Final = "label_events"
"""Whether the user had an event of each known type with the candidate in the window."""
LABEL_QUANTITY: Final = "label_quantity"
LABEL_RATING: Final = "label_rating"
"""NaN where unknown, like the quantity."""
NUM_TARGETS: Final = "num_targets"
IS_TARGET: Final = "is_target"
ACTIVITY: Final = "activity"

# Values of `query_kind`.
KIND_BASKET: Final = "basket"
KIND_WINDOW: Final = "window"

# Raw features of a catalog row.
PRODUCT_ID: Final = "product_id"
AVAILABLE: Final = "available"
CREATED_AT: Final = "created_at"
UPDATED_AT: Final = "updated_at"
"""Of the product table: says when a row changed last, to whoever follows the table."""

# Prefixes of the feature columns of the database.
USER_PREFIX: Final = "user__"
PRODUCT_PREFIX: Final = "product__"

# Columns of the Interactions artifact (Parquet) beside user_id and product_id.
OCCURRED_AT: Final = "occurred_at"
EVENT_TYPE: Final = "event_type"
BASKET_ID: Final = "basket_id"
QUANTITY: Final = "quantity"
PRICE: Final = "price"
RATING: Final = "rating"
WEIGHT: Final = "weight"

# Signatures of the served model, and the extra inputs of `recommend`.
RECOMMEND: Final = "recommend"
RECOMMEND_DIVERSE: Final = "recommend_diverse"
"""Like `recommend`, with a diversity of the request instead of the configured one."""
NEW_FOR_YOU: Final = "new_for_you"
"""Products that were never sold, for a user."""
RETRIEVE: Final = "retrieve"
RANK: Final = "rank"
EXPLAIN: Final = "explain"
FINISH: Final = "finish"
"""The trace of one product through the stages (`tracing.py`); of the ranker, the parts of one score."""
SIMILAR: Final = "similar"
SEARCH: Final = "search"
EMBED_QUERIES: Final = "embed_queries"
EMBED_PRODUCTS: Final = "embed_products"
PRODUCTS: Final = "products"
"""Of the retrieval model: embeddings of products by their features alone."""
NEAREST: Final = "nearest"
"""Products nearest to a given embedding; `nearest__<column>` in the space of an embedding column."""
EMBEDDING: Final = "embedding"
KNOWN: Final = "known"
BLEND: Final = "blend"
TEXT: Final = "text"
TOP_K: Final = "top_k"
DIVERSITY: Final = "diversity"
EXCLUDE_PURCHASED: Final = "exclude_purchased"

# Where the served model keeps what a client needs to know of it.
ASSETS_EXTRA: Final = "assets.extra"
SERVING_METADATA: Final = "assets.extra/towerline.json"
SERVED_PRODUCTS: Final = "assets.extra/products.parquet"
HISTORIES: Final = "assets.extra/histories"

START: Final = "assets.extra/start.json"
"""What both trainers write beside a model: whether it began from pushed weights, and what it has seen."""
WEIGHTS: Final = "assets.extra/weights.npz"
"""What both trainers write beside a model: its trained weights, by their paths."""
FIRST_FIT: Final = "assets.extra/first_fit.npz"
"""Weights of the ranker's first fit, which no window after the older ones has had a say in."""
RANKING_EVIDENCE: Final = "assets.extra/evidence.json"
"""What the RankingTrainer writes beside the ranker: its anchor, and what the windows speak for."""
RANKER_TABLES: Final = "assets.extra/ranker.npz"
"""The ranker as plain arrays, beside the ranker."""
TOWER_TABLES: Final = "assets.extra/tower.npz"
"""The query tower as plain arrays, beside the towers, where those are enough to make its vectors."""
KERNEL: Final = "assets.extra/kernel"
"""Tables of the second executor of a pushed version."""
VALIDATION_FILE: Final = "validation.json"
"""What the ServingValidator found, beside its blessing."""
KERNEL_VERDICT: Final = "kernel"
"""Its key of whether the kernel gives the lists of the session, and why not."""

DEFAULT_EVENT_TYPE: Final = "purchase"
SECONDS_PER_DAY: Final = 86_400
