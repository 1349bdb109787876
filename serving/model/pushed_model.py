"""Asks a pushed version; imports TensorFlow only when the session is loaded, and nothing of TFX."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.rules import BoolArray, Rule
from schema.served.request import Query, encode_queries
from schema.served.versions import newest_version
from serving.model.catalogue import Catalogue
from serving.model.executors import Executors
from serving.model.hidden import Hidden, without_hidden
from serving.model.items import Columns, Items, Ranked, plain_items
from serving.model.session import Session, SessionNotLoadedError

if TYPE_CHECKING:
    from serving.model.signatures import Signature

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
            the others when somebody asks for them. Where the kernel makes the lists with a signature of the
            session, it is that one.
        late: Signatures that are loaded by the first who asks for them.
        kernel: Whether the kernel answers what it covers; otherwise the session answers everything.
        behind: Whether a thread loads the session for the first who needs it, to whom
            `SessionNotLoadedError` says when it is there; otherwise who needs it loads it.

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
        behind: bool = False,
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
        self._behind = behind
        self._hidden: Hidden | None = None
        self._catalogue: Catalogue | None = None
        self._hiding = threading.Lock()
        self.executors = Executors(self.folder, self.features, kernel)
        """Who makes lists."""
        called = self.executors.called if only else ()
        self.session = Session(self.folder, one_thread, (*called, *only), late)
        """The session, loaded or not."""
        self.on_session: list[Callable[[PushedModel], object]] = []
        """Called in the thread that has loaded the session behind, before it counts as warm."""

    def load(self) -> None:
        """Loads the session, if that has not been done."""
        self.session.load()

    def make_ready(self) -> None:
        """Makes ready what answers a user with a history; the first call of the session takes seconds."""
        if self.executors.needs_session:
            self.recommend([Query("", 1)], 1, False)

    @property
    def starts_alone(self) -> bool:
        """Whether the kernel answers until somebody needs the session, which is then loaded behind."""
        return self._behind and not self.executors.needs_session_for

    def has(self, signature: str) -> bool:
        """Whether there is such a signature; loads nothing."""
        return signature in self.session.names

    def has_session(self, why: str) -> bool:
        """Whether the session is there and warm; if not, it is loaded now, or behind.

        Args:
            why: Who needs it, for the log.
        """
        if self._behind and not self.session.is_loaded:
            self._load_behind(why)
        elif not self._behind:
            self.session.load()
        return self.session.is_warm

    def signatures_for(self, why: str) -> Mapping[str, Signature]:
        """Those of the model, also those that are loaded late.

        Args:
            why: Who needs them, for the log.

        Raises:
            SessionNotLoadedError: They are being loaded behind.
        """
        if self._behind and not self.session.is_loaded:
            raise SessionNotLoadedError(self._load_behind(why))
        return self.session.load()

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """`signatures_for` whoever reads them."""
        return self.signatures_for("its signatures are read")

    def _load_behind(self, why: str) -> Future[None]:
        return self.session.load_behind(why, lambda: [step(self) for step in self.on_session])

    def hide(self, hidden: BoolArray) -> None:
        """Keeps products out of every answer from now on, and lets all others in.

        Args:
            hidden: In the order of the catalogue, whatever was available before `[products]`.

        Raises:
            UserError: The model was pushed before there was a table of its products.
        """
        with self._hiding:
            if self._hidden is None:
                self._hidden = Hidden(None, self.catalogue.product_ids)
            self._hidden.put(hidden)  # first what is compared with each list
            self.executors.hide(hidden)
            self.session.hide(hidden, self.catalogue.product_ids)

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
        return self.executors.kernel is not None or self.has(names.RECOMMEND_DIVERSE)

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
        return plain_items(self.call(names.SIMILAR, inputs))

    def search(self, text: str, top_k: int) -> Items:
        """Products for a text: rank, product_id, score, text; [] if no word of it means anything here.

        Raises:
            UserError: The model was pushed before there was such a question.
        """
        return plain_items(self.call(names.SEARCH, {names.TEXT: [text], names.TOP_K: top_k}))

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
        if not self.has(signature):
            raise UserError(
                f"Model {self.version} has no signature `{signature}`. Remedy: `towerline run` pushes one "
                "that has."
            )
        return self.signatures_for(f"`{signature}` is asked")[signature]

    def _call(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        if signature == names.RECOMMEND_DIVERSE:
            embed, finish = (partial(self._ask_of, name) for name in (names.EMBED_QUERIES, names.FINISH))
            return self.executors.lists(partial(self._ask, signature), embed, finish, inputs)
        if signature == names.RECOMMEND:
            return self.executors.by_session(self._session(signature), inputs)
        return self._ask(signature, inputs)

    def _ask(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        return self._session(signature)(inputs)

    def _ask_of(self, signature: str, inputs: Mapping[str, Any]) -> Columns:
        """Asks the session, and gives it no more than it reads."""
        asked = self._session(signature)
        return asked({name: inputs[name] for name in asked.inputs})
