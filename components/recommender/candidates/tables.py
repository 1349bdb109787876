"""The tables of the candidate sources at one cutoff, on disk and in memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from components.recommender.candidates.similar_users import SimilarUserTables

_EMBEDDINGS = "embeddings.npy"
_AVAILABLE = "available.npy"
_GROUPS = "groups.npy"
_SIMILAR_USERS = "similar_users"


@dataclass(frozen=True)
class Snapshot:
    """What the events strictly before one cutoff say.

    Attributes:
        neighbour_index: Item-to-item neighbours `[products, neighbours]`, -1 pads.
        neighbour_score: Their cosines `[products, neighbours]`.
        ease_index: Products that a purchase speaks for or against, by EASE `[products, weights]`, -1 pads.
        ease_score: Their weights `[products, weights]`.
        next_index: Products that follow a product in histories `[products, followers]`, -1 pads.
        next_score: How often, as smoothed shares `[products, followers]`.
        statistics: `components.candidate_indexer.statistics.FEATURE_NAMES` `[products, statistics]`.
        first_sale_days: Days since the first sale, 0 for what was never sold `[products]`.
        trending: Products most bought of late, best first.
        popular: Products by popularity, best first; fills lists that the sources leave short.
        best_sellers: The head of popularity over every horizon, candidates of every query.
        new_products: Products never sold before the cutoff, the most promising first.
        new_rates: Log of how often new products of their group were taken up of late; aligned.
        new_grouping: Which column of the groups that is; scalar.
        similar_users: Users among whom alike ones are sought.
    """

    neighbour_index: np.ndarray
    neighbour_score: np.ndarray
    ease_index: np.ndarray
    ease_score: np.ndarray
    next_index: np.ndarray
    next_score: np.ndarray
    statistics: np.ndarray
    first_sale_days: np.ndarray
    trending: np.ndarray
    popular: np.ndarray
    best_sellers: np.ndarray
    new_products: np.ndarray
    new_rates: np.ndarray
    new_grouping: np.ndarray
    similar_users: SimilarUserTables

    def save(self, directory: Path, cutoff: int) -> None:
        """Writes the tables of a cutoff into an index."""
        arrays = asdict(self)
        users = arrays.pop(_SIMILAR_USERS)
        arrays |= {f"{_SIMILAR_USERS}.{name}": values for name, values in users.items()}
        np.savez(directory / f"snapshot-{cutoff}.npz", **arrays)


@dataclass(frozen=True)
class CandidateTables:
    """All that the candidate sources need at one cutoff.

    Attributes:
        embeddings: Unit vectors `[products, dim]`.
        available: Which products may be recommended, bool `[products]`.
        groups: Values of the categories that tell most, the best column first, int `[products, columns]`.
        snapshot: The other tables.
    """

    embeddings: np.ndarray
    available: np.ndarray
    groups: np.ndarray
    snapshot: Snapshot

    @property
    def num_products(self) -> int:
        """Size of the catalogue."""
        return int(self.embeddings.shape[0])


def save_embeddings(
    directory: Path, embeddings: np.ndarray, available: np.ndarray, groups: np.ndarray
) -> None:
    """Writes what does not depend on the cutoff."""
    np.save(directory / _GROUPS, groups)
    np.save(directory / _EMBEDDINGS, embeddings)
    np.save(directory / _AVAILABLE, available)


def load_tables(directory: Path, cutoff: int) -> CandidateTables:
    """Reads an index as of one of its cutoffs.

    Raises:
        ValueError: The index has no tables of that cutoff.
    """
    path = directory / f"snapshot-{cutoff}.npz"
    if not path.exists():
        known = sorted(name.stem for name in directory.glob("snapshot-*.npz"))
        raise ValueError(
            f"The index has no tables of this cutoff. Received: cutoff={cutoff}; it has {known}."
        )
    with np.load(path) as arrays:
        users = SimilarUserTables(
            **{field.name: arrays[f"{_SIMILAR_USERS}.{field.name}"] for field in fields(SimilarUserTables)}
        )
        own = {name: arrays[name] for name in arrays.files if not name.startswith(f"{_SIMILAR_USERS}.")}
        tables = Snapshot(**own, similar_users=users)
    embeddings, available, groups = (np.load(directory / name) for name in (_EMBEDDINGS, _AVAILABLE, _GROUPS))
    return CandidateTables(embeddings, available, groups, tables)
