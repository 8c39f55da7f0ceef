"""Read the text of a filter into scim2-models' syntax tree, within limits (RFC 7644 §3.4.2.2, V-21)."""

from __future__ import annotations

import json
import re

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import Comparison, FilterNode, LogicalExpr, Not, Present, ValuePath

from scim import limits
from scim.errors import InvalidFilter

# Some clients leave the quotes away: userName eq ada@example.com
_UNQUOTED = re.compile(r"\s*(\S+)\s+(eq|ne|co|sw|ew|gt|ge|lt|le)\s+([^\s\"()\[\]]+)\s*", re.IGNORECASE)
# Others use quotes that are none here. Taken for a part of the value they would find nobody, and make a duplicate.
_OTHER_QUOTES = "'`´‘’‚“”„«»"


def parse_filter(text: str) -> FilterNode:
    """Return the tree of ``text``; raises ``InvalidFilter`` when it can't be read or asks for too much."""
    if len(text) > limits.FILTER_CHARACTERS:
        raise InvalidFilter(f"A filter may have {limits.FILTER_CHARACTERS} characters.")
    try:
        node = _parsed(text)
    except RecursionError as error:
        raise InvalidFilter("The filter is nested too deeply.") from error
    if _terms(node) > limits.FILTER_TERMS:
        raise InvalidFilter(f"A filter may hold {limits.FILTER_TERMS} comparisons.")
    return node


def _parsed(text: str) -> FilterNode:
    try:
        return ScimFilter(text).ast
    except InvalidFilterException as error:
        bare = _UNQUOTED.fullmatch(text)
        if bare is not None and (bare[3][0] in _OTHER_QUOTES or bare[3][-1] in _OTHER_QUOTES):
            raise InvalidFilter(
                "The filter can't be read: values stand between double quotes (\")."
            ) from error
        if bare is None:
            raise InvalidFilter(f"The filter can't be read: {error.detail}.") from error
        try:
            return ScimFilter(f"{bare[1]} {bare[2]} {json.dumps(bare[3])}").ast
        except InvalidFilterException:
            raise InvalidFilter(f"The filter can't be read: {error.detail}.") from error


def _terms(node: FilterNode) -> int:
    if isinstance(node, LogicalExpr):
        return sum(_terms(term) for term in node.terms)
    if isinstance(node, Not):
        return _terms(node.expr)
    if isinstance(node, ValuePath):
        return _terms(node.val_filter)
    return 1 if isinstance(node, Comparison | Present) else 0
