from __future__ import annotations

import pytest

from schema.source import mask_url, password_of, restore_password


@pytest.mark.parametrize(
    ("url", "masked", "password"),
    [
        ("postgresql://u:secret@h:5432/d", "postgresql://u:***@h:5432/d", "secret"),
        ("mysql+pymysql://u:p%40ss%3A@h/d", "mysql+pymysql://u:***@h/d", "p@ss:"),
        ("postgresql://u:a@b@h/d", "postgresql://u:***@h/d", "a@b"),
    ],
)
def test_a_password_is_masked_and_restored(url, masked, password):
    assert mask_url(url) == masked
    assert password_of(url) == password
    assert password_of(restore_password(masked, password)) == password


@pytest.mark.parametrize(
    "url", ["sqlite:///shop.db", "postgresql://u@h/d", "postgresql://h:5432/d", "/data/shop"]
)
def test_urls_without_a_password_stay(url):
    assert mask_url(url) == url
    assert password_of(url) is None
    assert restore_password(url, "secret") == url


def test_masking_twice_changes_nothing():
    masked = mask_url("postgresql://u:secret@h/d")
    assert mask_url(masked) == masked
    assert password_of(masked) is None
    assert restore_password(masked, None) == masked
