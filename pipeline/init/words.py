"""What the names of tables and columns say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import yaml

_WORDS: Final[Mapping[str, Any]] = yaml.safe_load(
    resources.files("pipeline.init").joinpath("words.yaml").read_text(encoding="utf-8")
)
USERS: Final[Mapping[str, int]] = _WORDS["users"]
PRODUCTS: Final[Mapping[str, int]] = _WORDS["products"]
EVENTS: Final[Mapping[str, int]] = _WORDS["events"]
VERSIONS: Final[Mapping[str, Sequence[str]]] = _WORDS["versions"]
LANGUAGES: Final[Sequence[str]] = _WORDS["languages"]
_MAIL: Final = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@lru_cache(maxsize=100)
def of(kind: str) -> frozenset[str]:
    """Returns the words of a kind; `words.yaml` lists them."""
    return frozenset(_WORDS[kind])


@lru_cache(maxsize=100_000)
def tokens(name: str) -> tuple[str, ...]:
    """Cuts `OrderDetails`, `order_details` or `ORDER-DETAILS` into ("order", "detail")."""
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name.replace("ID", "Id"))
    return tuple(_singular(part.lower()) for part in parts)


def head_words(table: str) -> tuple[str, ...]:
    """Returns the words of a table's name without what says nothing of its content."""
    words = tuple(word for word in tokens(table) if word not in of("around") and not word.isdigit())
    return words or tokens(table)


def thing(column: str) -> tuple[str, ...]:
    """Returns what a reference refers to: `sales_rep_employee_number` gives (sale, rep, employee)."""
    words = [word for word in tokens(column) if word not in of("key")]
    squashed = "".join(words)
    for end in ("id", "key", "code", "number", "no"):  # customerid, productcode: no capitals to cut at
        if len(words) == 1 and squashed.endswith(end) and len(squashed) > len(end) + 3:
            return (_singular(squashed.removesuffix(end)),)
    return tuple(words)


def is_same(left: Sequence[str], right: Sequence[str]) -> bool:
    """Says whether two names are of the same thing, whatever the plural of their language."""
    one, other = sorted(("".join(left), "".join(right)), key=len)
    return bool(one) and (
        one == other or (len(one) > 3 and other.startswith(one) and len(other) - len(one) <= 2)
    )


def score(name: str, words: Mapping[str, int], never: Iterable[str] = ()) -> int:
    """Says how well the last word of a table's name fits; 0 if any of `never` is the last one."""
    found = head_words(name)
    last = found[-1]
    if last in set(never):
        return 0
    if last in words:
        return words[last] - (len(found) - 1)
    joined = "".join(found)
    return max((words[word] - 1 for word in words if len(word) > 3 and joined.endswith(word)), default=0)


def event_score(table: str) -> int:
    """Says how much the name of a table sounds like something that users do with products."""
    found = head_words(table)
    total = sum(EVENTS.get(word, 0) for word in found)
    if len(found) == 1 and found[0] not in EVENTS:  # orderdetail
        word = found[0]
        total += sum(value for part, value in EVENTS.items() if word.startswith(part) or word.endswith(part))
    return total


def product_score(table: str) -> int:
    """Says how much the name of a table sounds like products; lines of orders do not."""
    found = head_words(table)
    if set(found) & of("lines") or any("".join(found).startswith(word) for word in of("lines")):
        return 0
    return score(table, PRODUCTS, of("not_products"))


def user_score(table: str) -> int:
    """Says how much the name of a table sounds like users."""
    return score(table, USERS, of("not_users"))


def is_personal(column: str) -> bool:
    """Says whether a column of a table of people names, describes or authenticates one of them."""
    words = set(tokens(column))
    squashed = re.sub(r"[^a-z0-9]", "", column.lower())
    return bool(words & of("personal")) or any(piece in squashed for piece in of("personal_pieces"))


def is_mail(value: object) -> bool:
    """Says whether a value is a mail address."""
    return isinstance(value, str) and bool(_MAIL.match(value))


def _singular(word: str) -> str:
    if word in ("ids", "series", "news", "class", "address", "status", "sales_no", "business", "gross"):
        return "id" if word == "ids" else word
    if word.endswith("ies") and len(word) > 4 and word != "movies":
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
