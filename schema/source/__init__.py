"""Reads a product database: SQLite, PostgreSQL, MySQL/MariaDB or a folder of Parquet and CSV files.

`open_source` is the way in; what it returns speaks the contract's names and types, whatever the
database holds.
"""

from schema.source.contract import EVENTS, PRODUCTS, USERS, UserRange
from schema.source.opening import mask_url, open_source, password_of, restore_password
from schema.source.product_source import ProductSource

__all__ = [
    "EVENTS",
    "PRODUCTS",
    "USERS",
    "ProductSource",
    "UserRange",
    "mask_url",
    "open_source",
    "password_of",
    "restore_password",
]
