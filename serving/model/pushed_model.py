"""Asks a pushed SavedModel; imports TensorFlow, and nothing of TFX."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.request import Query, encode_queries
from schema.rules import BoolArray, Rule
from schema.versions import newest_version
from serving.model.catalogue import Catalogue
from serving.model.executors import Executors
from serving.model.hidden import Hidden, without_hidden
from serving.model.items import Columns, Items, Ranked, plain
from serving.model.late import LateSignatures

if TYPE_CHECKING:
    from serving.model.signatures import LoadedModel, Signature

MOST_EVENTS: Final = 20_000
"""Events of a user that a request carries, the newest ones."""
RECOMMENDING: Final = (names.RECOMMEND_DIVERSE, names.RECOMMEND)
"""Signatures of lists, the one that is asked first; the newest models have both."""
_FIRST_STAMP: Final = 10**9
"""Smaller numbers of versions are no stamps."""


class PushedModel:
    """A version of a push directory.

    Args:
        directory: The push directory.
        version: Which one; the newest if it is left out.
        one_thread: Whether one thread computes a request, as in a server of several requests at a time.
        only: The first of these signatures that it has is loaded, which takes less time than all of them;
            the others when somebody asks for them. Where the kernel makes the lists of vectors that the
            session gives, that is the signature of the vectors.
        late: Signatures that are loaded by the first who asks for them.
        kernel: Whether the kernel answers what it covers; otherwise the session answers everything.

    Raises:
        UserError: Nothing has been pushed there.
    """

    def __init__(
        self,
        directory: Path,
        version: int | None = None,
        one_thread: bool = False,
        only: Sequence[str] = (),
        late: Sequence[str] = (),
        kernel: bool = True,
    ) -> None:
        chosen = newest_version(directory) if version is None else version
        if chosen is None:
            raise UserError(
                f"No model has been pushed to {directory}. Remedy: `towerline run --source URL` first."
            )
        self.version = str(chosen)
        self.folder = directory / self.version
        metadata = json.loads((self.folder / names.SERVING_METADATA).read_text(encoding="utf-8"))
        self.features = FeatureSet.model_validate(metadata["features"])
        # The models read the newest events of a request; excluding what was purchased needs them all.
        self.history_length = max(int(metadata["history_length"]), MOST_EVENTS)
        self.num_products = int(metadata["num_products"])
        self.event_weights: dict[str, float] = metadata.get("event_weights", {})
        self.diversity = float(metadata.get("diversity", 0.0))
        """What the lists have where a request does not ask for another."""
        self.post_ranking: Mapping[str, Any] = metadata.get("post_ranking", {})
        """As it was configured."""
        self.rules = [Rule.parse(rule) for rule in self.post_ranking.get("rules", [])]
        self.popularity_discount = float(metadata.get("popularity_discount", 0.0))
        self.exclusion = str(metadata.get("exclude_purchased", "off"))
        """What the configuration leaves out of what was bought: `off`, `always` or a length of time."""
        self.anchor = str(metadata.get("classic", metadata.get("anchor", "")))
        """The baseline from which the ranker starts; empty for models that do not tell."""
        self.is_classic = "classic" in metadata
        """Whether it gives the order of that baseline and nothing else."""
        self.statistics_until = int(metadata.get("windows", {}).get("now", 0))
        """When the newest event was, of those that popularity and neighbours are made of; epoch seconds."""
        written = (self.folder / names.SERVING_METADATA).stat().st_mtime
        self.made_at = float(chosen) if chosen > _FIRST_STAMP else written
        """When it was pushed, epoch seconds: its number, if that is a stamp."""
        self._one_thread, self._only, self._without = one_thread, only, late
        self._loaded: LoadedModel | None = None
        self._signatures: LateSignatures | None = None
        self._hidden: Hidden | None = None
        self._hidden_rows: BoolArray | None = None
        self._hidden_late: dict[int, Hidden] = {}
        self._catalogue: Catalogue | None = None
        self._loading = threading.RLock()
        self.executors = Executors(self.folder, self.features, kernel)
        """Who makes lists."""

    def load(self) -> None:
        """Loads the SavedModel, if that has not been done."""
        with self._loading:
            if self._signatures is not None:
                return
            from serving.model.signatures import load_model

            def load_late(name: str) -> LoadedModel:
                return load_model(self.folder, self._one_thread, (name,))

            vectors = (names.EMBED_QUERIES,) if self._only and self.executors.needs_vectors else ()
            only = (*vectors, *self._only)
            self._loaded = load_model(self.folder, self._one_thread, only, self._without)
            signatures = LateSignatures(self._loaded, self._loaded.left_out, load_late)
            signatures.when_loaded = self._hide_late
            if self._hidden_rows is not None:
                self._hide_in(self._loaded, self._hidden_rows)
            self._signatures = signatures

    def make_ready(self) -> None:
        """Makes ready what answers a user with a history; the first call of the session takes seconds."""
        if self.executors.needs_session:
            self.recommend([Query("", 1)], 1, False)

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Those of the model, also those that are loaded late."""
        if self._signatures is None:
            self.load()
        return self._signatures or {}

    def hide(self, hidden: BoolArray) -> None:
        """Keeps products out of every answer from now on, and lets all others in.

        Args:
            hidden: In the order of the catalogue, whatever was available before `[products]`.

        Raises:
            UserError: The model was pushed before there was a table of its products.
        """
        with self._loading:
            if self.executors.kernel is None:
                self.load()
            self._hide_in(self._loaded, hidden)
            self._hidden_rows = hidden
            self.executors.hide(hidden)
            if self._signatures is not None:
                self._signatures.for_each_late(self._hide_late)

    def _hide_in(self, loaded: LoadedModel | None, hidden: BoolArray) -> None:
        """Hides in the tables of the session, if it is loaded, and in what is compared with each list."""
        tables = None if loaded is None else loaded.tables
        if self._hidden is None or self._hidden.tables is not tables:
            found = Hidden(tables, self.catalogue.product_ids)
            found.put(hidden)
            self._hidden = found
        else:
            self._hidden.put(hidden)

    def _hide_late(self, loaded: LoadedModel) -> None:
        """Hides in what was loaded late what is hidden now."""
        if self._hidden_rows is not None:
            key = id(loaded)
            if key not in self._hidden_late:
                self._hidden_late[key] = Hidden(loaded.tables, self.catalogue.product_ids)
            self._hidden_late[key].put(self._hidden_rows)

    @property
    def hidden_ids(self) -> frozenset[bytes] | None:
        """Products that `hide` keeps out; None if it has not been called."""
        return None if self._hidden is None else self._hidden.ids

    def is_hidden(self, product_id: str) -> bool:
        """Whether `hide` keeps a product out."""
        return self._hidden is not None and product_id.encode() in self._hidden.ids

    def recommend(self, queries: Sequence[Query], top_k: int, exclude_purchased: bool) -> list[Items]:
        """Returns the items of each query, best first: rank, product_id, score, source, reason."""
        ranked = self.ranked(queries, top_k, exclude_purchased)
        return [ranked.items(row) for row in range(len(queries))]

    @property
    def takes_diversity(self) -> bool:
        """Whether it can be asked for another diversity; models that were pushed before cannot."""
        return self.executors.kernel is not None or names.RECOMMEND_DIVERSE in self.signatures

    def ranked(
        self,
        queries: Sequence[Query],
        top_k: int,
        exclude_purchased: bool,
        diversity: float | None = None,
    ) -> Ranked:
        """The lists of all queries, of which items can be picked.

        Args:
            queries: Users.
            top_k: Length of the lists.
            exclude_purchased: Whether what was bought may not come again.
            diversity: 0 to 1, instead of the configured one; only of a model that `takes_diversity`. Such a
                model is asked by the same signature in any case: each takes seconds and memory to make ready.
        """
        inputs: dict[str, Any] = {
            **encode_queries(self.features, queries, self.history_length),
            names.TOP_K: top_k,
            names.EXCLUDE_PURCHASED: exclude_purchased,
        }
        signature = names.RECOMMEND
        if self.takes_diversity:
            signature = names.RECOMMEND_DIVERSE
            inputs[names.DIVERSITY] = self.diversity if diversity is None else diversity
        return Ranked(self.answer(signature, inputs), [not query.product_ids for query in queries])

    def similar(self, product_id: str, top_k: int, blend: float) -> Items:
        """Products like a product: rank, product_id, score, bought_together, content; [] if it is unknown.

        Args:
            product_id: The product.
            top_k: Most items.
            blend: Share of what is bought together in the score, 0 to 1.

        Raises:
            UserError: The model was pushed before there was such a question.
        """
        inputs = {names.PRODUCT_ID: [product_id], names.TOP_K: top_k, names.BLEND: blend}
        return _plain_items(self.call(names.SIMILAR, inputs))

    def search(self, text: str, top_k: int) -> Items:
        """Products for a text: rank, product_id, score, text; [] if no word of it means anything here.

        Raises:
            UserError: The model was pushed before there was such a question.
        """
        return _plain_items(self.call(names.SEARCH, {names.TEXT: [text], names.TOP_K: top_k}))

    @property
    def catalogue(self) -> Catalogue:
        """The table of its products, read once.

        Raises:
            UserError: The model was pushed before there was such a table.
        """
        if self._catalogue is None:
            self._catalogue = Catalogue(self.folder)
        return self._catalogue

    def call(self, signature: str, inputs: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Calls a signature.

        Args:
            signature: Its name.
            inputs: Values that fit its inputs.

        Raises:
            UserError: The model was pushed before there was such a signature.
        """
        return {name: values.tolist() for name, values in self.answer(signature, inputs).items()}

    def answer(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        """Calls a signature; what is hidden is in none of its lists.

        Raises:
            UserError: The model was pushed before there was such a signature.
        """
        call = partial(self._call, signature)
        if self._hidden is None:
            return call(inputs)
        return without_hidden(call, inputs, lambda: self.hidden_ids or frozenset(), self.num_products)

    def _session(self, signature: str) -> Signature:
        if signature not in self.signatures:
            raise UserError(
                f"Model {self.version} has no signature `{signature}`. Remedy: `towerline run` pushes one "
                "that has."
            )
        return self.signatures[signature]

    def _call(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        if signature == names.RECOMMEND_DIVERSE:
            return self.executors.lists(partial(self._ask, signature), self._embed, inputs)
        if signature == names.RECOMMEND:
            return self.executors.by_session(self._session(signature), inputs)
        return self._ask(signature, inputs)

    def _ask(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        return self._session(signature)(inputs)

    def _embed(self, inputs: Mapping[str, Any]) -> Columns:
        """The vectors of the queries of a request."""
        embed = self._session(names.EMBED_QUERIES)
        return embed({name: inputs[name] for name in embed.inputs})


def _plain_items(columns: dict[str, list[Any]]) -> Items:
    """The first row, without the places of a short list."""
    rows = zip(*(columns[name][0] for name in columns), strict=True)
    items = [dict(zip(columns, map(plain, row), strict=True)) for row in rows]
    kept = (item for item in items if item[names.PRODUCT_ID])
    return [{"rank": number, **item} for number, item in enumerate(kept, 1)]
