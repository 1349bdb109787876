import numpy as np
import pyarrow.parquet as pq

from components.recommender_assembler.executor import write_products
from schema import names


def test_a_table_of_texts_and_numbers(tmp_path):
    columns = {
        "product_id": np.array(["a", "ü 1"], object),
        "colour": np.array(["red", None], object),
        "price": np.array([1.5, np.nan]),
    }
    path = tmp_path / names.SERVED_PRODUCTS
    write_products(path, columns)
    rows = pq.read_table(path).to_pylist()
    assert rows[0] == {"product_id": "a", "product__colour": "red", "product__price": 1.5}
    assert rows[1]["product_id"] == "ü 1" and rows[1]["product__colour"] is None
    assert np.isnan(rows[1]["product__price"]) and [item.name for item in path.parent.iterdir()] == [
        path.name
    ]
