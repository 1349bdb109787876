from scipy import sparse

from components.interactions.sparse_rows import largest_of_rows


def test_the_largest_of_each_row_are_kept():
    matrix = sparse.csr_matrix([[3.0, 1.0, 2.0], [0.0, 0.0, 5.0]])
    assert largest_of_rows(matrix, 2).toarray().tolist() == [[3.0, 0.0, 2.0], [0.0, 0.0, 5.0]]
