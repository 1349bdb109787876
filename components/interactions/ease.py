"""The shallow autoencoder in closed form."""

from __future__ import annotations

import numpy as np
from scipy import linalg


def solve_ease(gram: np.ndarray, regularization: float) -> np.ndarray:
    """Item-to-item weights (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, eq. 8).

    Args:
        gram: Products of the columns of the matrix of users and products `[products, products]`.
        regularization: Added to the diagonal.

    Returns:
        `-P[i, j] / P[j, j]` with `P = (gram + regularization)^-1`, zeros on the diagonal.
    """
    if not len(gram):
        return gram
    gram = gram.copy()
    gram[np.diag_indices_from(gram)] += regularization
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights: np.ndarray = -inverse / np.diag(inverse)[np.newaxis, :]
    np.fill_diagonal(weights, 0.0)
    return weights
