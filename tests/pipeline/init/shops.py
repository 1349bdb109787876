# ruff: noqa: E501 - a row of a table reads best in one line
"""Reduced schemas of shop systems with generated rows: guests, cancelled orders, refunds, variants, languages, zero dates.

All have the same orders: `ORDERS`, a tenth by guests, a few cancelled and a few refunded ones.
"""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path
from types import SimpleNamespace

SCALE: int = globals().get("SCALE", 1)
"""How many times as many orders and users; set before the module is run (`benchmarks.first_runs`)."""
NUM_USERS, NUM_PRODUCTS = 12 * SCALE, 10 * min(SCALE, 4)
PRODUCTS = range(1, NUM_PRODUCTS + 1)
_rng = random.Random(3)
_START = datetime.datetime(2023, 1, 2, 8)


def _order(number: int) -> SimpleNamespace:
    """User 0 is a guest; a cancelled order and a refund do not count."""
    user = 0 if number % 10 == 0 else 1 + number % NUM_USERS
    kind = {3: "cancelled", 4: "unfinished"}.get(number % 13, "done")
    return SimpleNamespace(
        number=number, user=user, email=f"guest{number % 3}@example.org" if user == 0 else f"u{user}@example.org", kind=kind,
        when=_START + datetime.timedelta(hours=13 * number / SCALE), products=_rng.sample(PRODUCTS, 1 + number % 3),
    )  # fmt: skip


ORDERS = [_order(number) for number in range(1, 100 * SCALE + 1)]
GOOD = [order for order in ORDERS if order.kind == "done"]
LINES = [
    (order, product, 10 * order.number + i) for order in ORDERS for i, product in enumerate(order.products)
]
NUM_EVENTS = sum(len(order.products) for order in GOOD)
GUESTS = {order.email for order in GOOD if order.user == 0}
EVENT_USERS = {order.user for order in GOOD if order.user} | GUESTS


def _creates(shop: str, **types: str) -> str:
    text = Path(__file__).with_name("schemas").joinpath(f"shop_{shop}.sql").read_text(encoding="utf-8")
    for key, value in types.items():
        text = text.replace("{" + key + "}", value)
    return text


def _shop(dialect: str, creates: str, rows: dict, **expected) -> SimpleNamespace:
    known = {"num_events": NUM_EVENTS, "num_users": len(EVENT_USERS), "num_products": NUM_PRODUCTS}
    return SimpleNamespace(dialect=dialect, creates=creates, rows=rows, **{**known, **expected})


def _woocommerce(are_posts: bool) -> SimpleNamespace:
    posts = [
        (
            p,
            1,
            _START,
            "0000-00-00 00:00:00" if p == 1 else _START,
            f"Cup {p}",
            "draft" if p == 1 else "publish",
            "product",
        )
        for p in PRODUCTS
    ]
    posts += [(100 + p, 1, _START, _START, f"Cup {p} blue", "publish", "product_variation") for p in PRODUCTS]
    status = {"done": "wc-completed", "cancelled": "wc-cancelled", "unfinished": "wc-pending"}
    lookup = [
        (
            line,
            1000 + order.number,
            p,
            100 + p if p % 2 else 0,
            order.user or None,
            order.when + datetime.timedelta(hours=5),
            2,
            8.0,
            9.0,
        )
        for order, p, line in LINES
    ]
    lookup.append((9001, 5000, 2, 0, 1, _START, -2, -8.0, -9.0))  # a refund
    orders = [
        (
            1000 + o.number,
            status[o.kind],
            "EUR",
            "shop_order",
            9.0,
            o.user,
            o.email.upper() + " " if o.user == 0 else o.email,
            o.when,
            0,
        )
        for o in ORDERS
    ]
    orders.append((5000, "wc-completed", "EUR", "shop_order_refund", -9.0, 1, None, _START, 1001))
    if are_posts:
        posts += [(o[0], 1, _START, o[7], "Order", o[1], o[3]) for o in orders]
    meta = [(2 * o[0], o[0], "_customer_user", str(o[5])) for o in orders] + [
        (2 * o[0] + 1, o[0], "_billing_email", o[6]) for o in orders
    ]
    rows = {
        "xy_posts": posts,
        "xy_postmeta": meta,
        "xy_terms": [(1, "Kitchen"), (2, "Gifts"), (3, "fragile"), (4, "white")],
        "xy_term_taxonomy": [
            (1, 1, "product_cat"),
            (2, 2, "product_cat"),
            (3, 3, "product_tag"),
            (4, 4, "product_tag"),
        ],
        "xy_term_relationships": [(p, t, 0) for p in PRODUCTS for t in (1 + p % 2, 3, 4)],
        "xy_users": [(u, f"login{u}", "$P$B", f"u{u}@example.org") for u in range(1, NUM_USERS + 1)],
        "xy_wc_orders": [] if are_posts else orders,
        "xy_wc_order_product_lookup": lookup,
        "xy_wc_customer_lookup": [
            (
                50 + u,
                u if u <= NUM_USERS else None,
                f"login{u}",
                f"First{u}",
                f"Last{u}",
                f"u{u}@example.org",
                ("FR", "DE")[u % 2],
                "75001",
                f"City {u % 3}",
            )
            for u in range(1, NUM_USERS + 4)
        ],
        "xy_wc_product_meta_lookup": [
            (p, f"SKU{p}", 0, 4.5, 4.5, p % 2, 3, "outofstock" if p == 2 else "instock") for p in PRODUCTS
        ],
    }
    return _shop(
        "mysql", _creates("woocommerce"), rows, title="Cup 3", category="Gifts", unavailable={"1", "2"}, undated={"1"},
        several={"categories": "Gifts", "tags": "fragile|white"}, variables={"prefix": "xy_"},
    )  # fmt: skip


def woocommerce() -> SimpleNamespace:
    return _woocommerce(are_posts=False)


def woocommerce_posts() -> SimpleNamespace:
    return _woocommerce(are_posts=True)


def prestashop() -> SimpleNamespace:
    guests = [order for order in ORDERS if order.user == 0]
    customers = [
        (
            u,
            1,
            3,
            f"First{u}",
            f"Last{u}",
            f"u{u}@example.org",
            "$2y$",
            "0000-00-00" if u == 1 else "1980-05-01",
            0,
            0,
        )
        for u in range(1, NUM_USERS + 1)
    ]
    customers += [(100 + o.number, 0, 2, "First1", "Last1", o.email, "", None, 1, 0) for o in guests]
    details = [
        (line, o.number, p, p % 2, f"Cup {p}", 3, 1 if o.number == 1 else 0, 0, 9.0) for o, p, line in LINES
    ]
    details.append((9001, 1, 9, 0, "Cup 9", 2, 1, 1, 9.0))  # all of it came back
    rows = {
        "ps_configuration": [
            (1, "PS_LANG_DEFAULT", "2"),
            (2, "PS_SHOP_DEFAULT", "1"),
            (3, "PS_TIMEZONE", "Europe/Paris"),
        ],
        "ps_customer": customers,
        "ps_country": [(8, "FR"), (1, "DE")],
        "ps_address": [(u, (8, 1)[u % 2], u, "Road", "City", "1") for u in range(1, NUM_USERS + 1)],
        "ps_orders": [
            (o.number, o.user or 100 + o.number, 5, int(o.kind == "done"), 1.0, o.when) for o in ORDERS
        ],
        "ps_order_detail": details,
        "ps_product": [
            (p, 1, 2 + p % 2, 4.5, 0.2, "new", int(p != 1), 1, "none" if p == 2 else "both", 1, _START)
            for p in PRODUCTS
        ],
        "ps_product_lang": [
            (p, 1, lang, f"{('Tasse', 'Cup')[lang - 1]} {p}", f"<p>{p}</p>")
            for p in PRODUCTS
            for lang in (1, 2)
        ],
        "ps_category_lang": [
            (c, 1, lang, f"{('Cuisine', 'Kitchen')[lang - 1]} {c}") for c in range(2, 7) for lang in (1, 2)
        ],
        # The root 5, the home 6 below it, then 2, and 4 with 3 below it.
        "ps_category": [(5, 0, 0, 1, 10), (6, 5, 1, 2, 9), (2, 6, 2, 3, 4), (4, 6, 2, 5, 8), (3, 4, 3, 6, 7)],
        "ps_manufacturer": [(1, "Potter")],
    }
    return _shop(
        "mysql", _creates("prestashop"), rows, title="Cup 3", category="Kitchen 3", unavailable={"1", "2"}, undated=set(),
        several={"category_path": "Kitchen 4 > Kitchen 3"}, variables={"prefix": "ps_", "language": "2", "shop": "1"}, shift=-3600,
    )  # fmt: skip


def _magento(is_commerce: bool) -> SimpleNamespace:
    shift = 700 if is_commerce else 0  # row_id and entity_id differ
    row = lambda n: (n + shift, n) if is_commerce else (n,)  # noqa: E731
    state = {"done": "complete", "cancelled": "canceled", "unfinished": "pending_payment"}
    items = []
    for o, p, line in LINES:
        items.append((line, o.number, None, p, 2, 0, 0, 4.5))
        if p % 2:  # the chosen variant of a configurable product
            items.append((10_000 + line, o.number, line, 100 + p, 2, 0, 0, 0))
    items.append((9001, 1, None, 9, 2, 2, 0, 4.5))  # cancelled line
    attributes = [(1, 4, "name"), (2, 4, "price"), (3, 4, "status"), (4, 4, "manufacturer"), (5, 3, "name")]
    everything = [*PRODUCTS, *(100 + p for p in PRODUCTS if p % 2)]
    rows = {
        "m2_eav_entity_type": [(3, "catalog_category"), (4, "catalog_product")],
        "m2_eav_attribute": attributes,
        "m2_eav_attribute_option_value": [(1, 71, 0, "Potter"), (2, 71, 1, "Töpfer")],
        "m2_customer_entity": [
            (
                u,
                f"u{u}@example.org",
                1,
                f"First{u}",
                f"Last{u}",
                None if u == 1 else "1980-05-01",
                "hash",
                1 + u % 2,
            )
            for u in range(1, NUM_USERS + 1)
        ],
        "m2_sales_order": [(o.number, state[o.kind], "x", o.user or None, o.email, o.when) for o in ORDERS],
        "m2_sales_order_item": items,
        "m2_catalog_product_super_link": [(p, 100 + p, p) for p in PRODUCTS if p % 2],
        "m2_catalog_category_product": [(10 * p + c, c, p, c) for p in PRODUCTS for c in (20 + p % 2, 22)],
        "m2_catalog_product_entity": [
            (*row(p), 4, "configurable" if p % 2 and p < 100 else "simple", f"SKU{p}", _START)
            for p in everything
        ],
        "m2_catalog_category_entity": [
            (*row(c), path, path.count("/"))
            for c, path in {1: "1", 2: "1/2", 20: "1/2/20", 21: "1/2/20/21", 22: "1/2/22"}.items()
        ],
        "m2_catalog_product_entity_varchar": [
            (2 * p + s, 1, s, p + shift, f"{('Cup', 'Tasse')[s]} {p}") for p in everything for s in (0, 1)
        ],
        "m2_catalog_category_entity_varchar": [(c, 5, 0, c + shift, f"Category {c}") for c in (20, 21, 22)],
        "m2_catalog_product_entity_decimal": [(p, 2, 0, p + shift, 4.5) for p in everything],
        "m2_catalog_product_entity_int": [(p, 3, 0, p + shift, 2 if p <= 2 else 1) for p in everything]
        + [(1000 + p, 4, 0, p + shift, 71) for p in everything],
    }
    creates = _creates(
        "magento",
        row="row_id int unsigned PRIMARY KEY," if is_commerce else "",
        link="row_id" if is_commerce else "entity_id",
    )
    return _shop(
        "mysql", creates, rows, title="Cup 3", category="Category 21", unavailable={"1", "2"}, undated=set(),
        several={"category_path": "Category 20 > Category 21"}, variables={"prefix": "m2_", "link": "row_id" if is_commerce else "entity_id"},
    )  # fmt: skip


def magento() -> SimpleNamespace:
    return _magento(is_commerce=False)


def adobe_commerce() -> SimpleNamespace:
    return _magento(is_commerce=True)


def _opencart(is_next: bool) -> SimpleNamespace:
    status = {"done": 5, "cancelled": 7, "unfinished": 0}
    rows = {
        "oc_setting": [(1, "config", "config_timezone", "UTC")],
        "oc_customer": [
            (u, 1, 1, f"First{u}", f"Last{u}", f"u{u}@example.org", "1", "hash", u % 2, "10.0.0.1", _START)
            for u in range(1, NUM_USERS + 1)
        ],
        "oc_order": [(o.number, o.user, o.email, status[o.kind], 1.0, o.when) for o in ORDERS],
        "oc_order_status": [(5, 1, "Complete"), (7, 1, "Canceled"), (5, 2, "Komplett"), (7, 2, "Storniert")],
        "oc_order_product": [(line, o.number, p, f"Cup {p}", 2, 4.5) for o, p, line in LINES],
        "oc_customer_wishlist": [(u, p, _START) for u in (1, 2) for p in (3, 4)],
        "oc_product": [
            (
                p,
                "m",
                0 if p == 2 else 5,
                1,
                4.5,
                "0000-00-00" if p == 4 else "2023-01-01",
                int(p != 1),
                _START,
            )
            for p in PRODUCTS
        ],
        "oc_product_description": [
            (p, lang, f"{('Cup', 'Tasse')[lang - 1]} {p}") for p in PRODUCTS for lang in (1, 2)
        ],
        "oc_product_to_category": [(p, c) for p in PRODUCTS for c in (20 + p % 2, 30)],
        "oc_category_description": [(c, lang, f"Category {c}") for c in (20, 21, 30) for lang in (1, 2)],
        "oc_manufacturer": [(1,) if is_next else (1, "Potter")],
        "oc_manufacturer_description": [(1, lang, ("Potter", "Töpfer")[lang - 1]) for lang in (1, 2)]
        if is_next
        else [],
    }
    return _shop(
        "mysql", _creates("opencart", name="" if is_next else ", name varchar(64)"), rows, num_events=NUM_EVENTS + 4, title="Cup 3",
        category="Category 21", unavailable={"1", "2"}, undated=set(), variables={"prefix": "oc_", "language": 1},
        types={"purchase": NUM_EVENTS, "wishlist": 4}, brand="Potter",
    )  # fmt: skip


def opencart() -> SimpleNamespace:
    return _opencart(is_next=False)


def opencart_next() -> SimpleNamespace:
    return _opencart(is_next=True)


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def saleor() -> SimpleNamespace:
    utc = datetime.UTC
    status = {"done": "fulfilled", "cancelled": "canceled", "unfinished": "unconfirmed"}
    listings = [(p, 2, p, p != 1, p != 2, 4.5, "EUR") for p in PRODUCTS] + [
        (100 + p, 1, p, True, True, 5.5, "USD") for p in PRODUCTS if p > 3
    ]
    lines = [
        (_uuid(line), _uuid(o.number), 100 + p if p % 2 else 200 + p, f"Cup {p}", 2, 4.5)
        for o, p, line in LINES
    ]
    lines.append((_uuid(9001), _uuid(1), None, "Gone", 1, 4.5))  # its variant was deleted
    rows = {
        "account_address": [
            (u, "First", "Last", "Road", f"City {u % 3}", "1", ("FR", "DE")[u % 2], "1")
            for u in range(1, NUM_USERS + 1)
        ],
        "account_user": [
            (u, f"u{u}@example.org", "hash", f"First{u}", f"Last{u}", "en", u)
            for u in range(1, NUM_USERS + 1)
        ],
        "product_producttype": [(1, "Cups")],
        "product_category": [(1, "Home", None), (2, "Kitchen", 1), (3, "Gifts", 1)],
        "product_product": [
            (
                p,
                f"Cup {p}",
                json.dumps({"blocks": []}),
                f"A cup for {p}",
                1,
                2 + p % 2,
                _START.replace(tzinfo=utc),
            )
            for p in PRODUCTS
        ],
        "product_productvariant": [(s + p, f"S{s + p}", "x", p) for p in PRODUCTS for s in (100, 200)],
        "product_productchannellisting": listings,
        "order_order": [
            (_uuid(o.number), o.number, o.when.replace(tzinfo=utc), status[o.kind], o.user or None, o.email)
            for o in ORDERS
        ],
        "order_orderline": lines,
    }
    return _shop(
        "postgresql", _creates("saleor"), rows, title="Cup 3", category="Gifts", unavailable={"1", "2"}, undated=set(),
        variables={"prefix": "", "channel": 2},
    )  # fmt: skip


def _spree(dialect: str) -> SimpleNamespace:
    orders = [
        (o.number, f"R{o.number}", "canceled" if o.kind == "cancelled" else "complete" if o.kind == "done" else "cart", o.user or None, o.email,
         None if o.kind == "unfinished" else o.when, o.when if o.kind == "cancelled" else None, o.when)
        for o in ORDERS
    ]  # fmt: skip
    rows = {
        "spree_users": [
            (u, f"u{u}@example.org", "hash", f"login{u}", _START) for u in range(1, NUM_USERS + 1)
        ],
        "spree_products": [
            (p, f"Cup {p}", f"A cup for {p}", _START, _START if p == 1 else None, _START if p == 2 else None)
            for p in PRODUCTS
        ],
        "spree_variants": [(p, f"S{p}", True, p, None) for p in PRODUCTS]
        + [(100 + p, f"S{p}b", False, p, None) for p in PRODUCTS],
        "spree_prices": [(p, p, 4.5, "GBP", None) for p in PRODUCTS]
        + [(100 + p, p, 5.5, "EUR", None) for p in PRODUCTS if p > 5],
        "spree_taxons": [
            (1, None, "Home", "home"),
            (2, 1, "Kitchen", "home/kitchen"),
            (3, 1, "Gifts", "home/gifts"),
        ],
        "spree_products_taxons": [
            (10 * p + i, p, t, i) for p in PRODUCTS for i, t in enumerate((2 + p % 2, 1))
        ],
        "spree_orders": orders,
        "spree_line_items": [
            (line, 100 + p if p % 2 else p, o.number, 2, 4.5, o.when) for o, p, line in LINES
        ],
    }
    stamp = "timestamp" if dialect == "postgresql" else "datetime NULL"
    return _shop(
        dialect, _creates("spree", stamp=stamp), rows, title="Cup 3", category="Gifts", unavailable={"1", "2"}, undated=set(),
        variables={"prefix": "", "currency": "GBP"},
    )  # fmt: skip


def spree() -> SimpleNamespace:
    return _spree("postgresql")


def spree_mysql() -> SimpleNamespace:
    return _spree("mysql")


def medusa() -> SimpleNamespace:
    utc = datetime.UTC
    guests = sorted({o.email for o in ORDERS if o.user == 0})
    customer = lambda o: f"cus_g{guests.index(o.email)}" if o.user == 0 else f"cus_{o.user}"  # noqa: E731
    orders, items, lines = [], [], []
    for o in ORDERS:
        version = 2 if o.number % 7 == 0 else 1  # edited once
        gone = o.when.replace(tzinfo=utc) if o.kind == "cancelled" else None
        orders.append(
            (
                f"order_{o.number}",
                customer(o),
                o.email,
                version,
                "canceled" if gone else "completed",
                o.kind == "unfinished",
                gone,
                o.when.replace(tzinfo=utc),
                None,
            )
        )
        for i, p in enumerate(o.products):
            lines.append((f"li_{o.number}_{i}", f"prod_{p}", f"variant_{p}", f"Cup {p}", 4.5))
            items += [
                (f"item_{o.number}_{i}_{v}", f"order_{o.number}", v, f"li_{o.number}_{i}", 2, None)
                for v in range(1, version + 1)
            ]
    rows = {
        "customer": [(f"cus_{u}", None, f"First{u}", f"Last{u}", f"u{u}@example.org", "1", True, _START.replace(tzinfo=utc), None) for u in range(1, NUM_USERS + 1)]
        + [(f"cus_g{n}", None, None, None, email, None, False, _START.replace(tzinfo=utc), None) for n, email in enumerate(guests)],
        "product_type": [("ptyp_1", "Cups")],
        "product_collection": [("pcol_1", "Summer")],
        "product_category": [("pcat_2", "Kitchen"), ("pcat_3", "Gifts")],
        "product": [
            (f"prod_{p}", f"Cup {p}", None, f"A cup for {p}", "clay", False, "draft" if p <= 2 else "published", "ptyp_1", "pcol_1", _START.replace(tzinfo=utc), None)
            for p in PRODUCTS
        ] + [("prod_99", "Gone", None, None, None, False, "published", None, None, _START.replace(tzinfo=utc), _START.replace(tzinfo=utc))],
        "product_category_product": [(f"prod_{p}", f"pcat_{2 + p % 2}") for p in PRODUCTS],
        "order": orders,
        "order_line_item": lines,
        "order_item": items,
    }  # fmt: skip
    return _shop(
        "postgresql", _creates("medusa"), rows, title="Cup 3", category="Gifts", unavailable={"prod_1", "prod_2"}, undated=set(),
        variables={"prefix": ""}, product="prod_3", user="cus_2",
    )  # fmt: skip


def _odoo(is_text: bool) -> SimpleNamespace:
    said = lambda text: text if is_text else json.dumps({"en_US": text, "fr_FR": f"{text} fr"})  # noqa: E731
    state = {"done": "sale", "cancelled": "cancel", "unfinished": "draft"}
    emails = sorted({o.email for o in ORDERS if o.user == 0})
    partner = lambda o: 300 + emails.index(o.email) if o.user == 0 else 100 + o.user  # noqa: E731
    lines = [
        (line, o.number, f"Cup {p}", 200 + p if p % 2 else p, 2, 4.5, None, False) for o, p, line in LINES
    ]
    lines += [
        (9001, 1, "A note", None, 0, 0, "line_note", None),
        (9002, 1, "Down payment", 5, 1, 10, None, True),
        (9003, 1, "Nothing", 5, 0, 1, None, None),
    ]
    rows = {
        "res_country": [(75, "FR", said("France")), (57, "DE", said("Germany"))],
        "res_partner": [(u, f"Company {u}", f"u{u}@example.org", "1", "Road", f"City {u % 3}", "1", "FR1", (75, 57)[u % 2], True, None, u) for u in range(1, NUM_USERS + 1)]
        + [(100 + u, f"First{u} Last{u}", f"c{u}@example.org", "1", None, None, None, None, None, False, u, u) for u in range(1, NUM_USERS + 1)]
        + [(300 + n, f"First{n} Last{n}", email, None, None, None, None, None, None, False, None, 300 + n) for n, email in enumerate(emails)],
        "product_category": [(1, "All", "All", None), (2, "Kitchen", "All / Kitchen", 1), (3, "Gifts", "All / Gifts", 1)],
        "product_template": [(p, said(f"Cup {p}"), said(f"A cup for {p}"), "consu", 2 + p % 2, 4.5, 0.2, p != 1, p != 2, _START) for p in PRODUCTS],
        "product_product": [(s + p, p, f"C{p}", True) for p in PRODUCTS for s in (0, 200)],
        "sale_order": [(o.number, f"S{o.number:05}", state[o.kind], o.when, partner(o)) for o in ORDERS],
        "sale_order_line": lines,
    }  # fmt: skip
    return _shop(
        "postgresql", _creates("odoo", text="varchar" if is_text else "jsonb"), rows, title="Cup 3", category="Gifts",
        unavailable={"1", "2"}, undated=set(), variables={"prefix": ""} | ({} if is_text else {"language": "en_US"}),
    )  # fmt: skip


def odoo() -> SimpleNamespace:
    return _odoo(is_text=False)


def odoo_text() -> SimpleNamespace:
    return _odoo(is_text=True)


SHOPS = {
    shop.__name__: shop
    for shop in (
        adobe_commerce, magento, medusa, odoo, odoo_text, opencart, opencart_next, prestashop, saleor, spree, spree_mysql,
        woocommerce, woocommerce_posts,
    )
}  # fmt: skip
