"""Names compared without case, the same way on every database.

SQLite's ``LOWER()`` folds ASCII only and PostgreSQL's depends on the locale, so a folded copy is kept in a column of
its own with a plain unique index (design rule 11). Folding is NFKC, then ``str.casefold``, then NFKC again, since
case folding can leave a string unnormalised (Unicode Standard §3.13, toNFKC_Casefold).
"""

from __future__ import annotations

import unicodedata


def fold(name: str) -> str:
    """Return the form of ``name`` under which two spellings count as the same name; outer blanks are dropped."""
    normal = unicodedata.normalize("NFKC", name).strip()
    return unicodedata.normalize("NFKC", normal.casefold())


def fold_domain(domain: str) -> str:
    """Return a host or domain name in its one form: folded, without a final dot, international names in ASCII."""
    folded = fold(domain).rstrip(".")
    if folded.isascii():
        return folded
    try:
        return folded.encode("idna").decode("ascii")
    except UnicodeError:
        return folded


def domain_of(email: str) -> str:
    """Return the folded domain of an e-mail address, "" when it has none. Only the last ``@`` separates."""
    _, separator, domain = email.rpartition("@")
    return fold_domain(domain) if separator else ""
