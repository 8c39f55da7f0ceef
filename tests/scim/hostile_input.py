"""What hypothesis sends to find input that makes the server fail: almost SCIM, with every kind of wrong value in it."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.scim.directory import ENTERPRISE

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "False", "true", "work", "ada", "a@x.example", "\x00", "\ud800", "\ufdfa" * 80, "x" * 400]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**30, max_value=10**31),
    st.floats(),
    TEXTS,
)
_ATTRIBUTES = (
    "userName externalId name displayName active emails phoneNumbers addresses photos roles groups meta id schemas "
    "password title timezone locale preferredLanguage members value type primary givenName op path "
    "name.givenName a.b.c : urn: emails[ urn:x:y:User urn:x:y:User:z http://x.example/1"
)
NAMES = st.one_of(
    st.sampled_from(
        [*_ATTRIBUTES.split(), ENTERPRISE, f"{ENTERPRISE}:manager", 'emails[type eq "work"].value'],
    ),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)
PATHS = st.one_of(
    NAMES,
    st.builds(
        "{}[{} {} {}]{}".format,
        st.sampled_from(["emails", "members", "name", "groups", "x"]),
        st.sampled_from(["type", "value", "primary", "display", "x"]),
        st.sampled_from(["eq", "ne", "co", "gt", "pr"]),
        st.sampled_from(['"work"', "true", "null", "1", '"\\u0000"', '"\\ud800"']),
        st.sampled_from(["", ".value", ".x", ".primary"]),
    ),
)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.one_of(st.sampled_from(["add", "Replace", "REMOVE"]), VALUES),
        "path": st.one_of(PATHS, VALUES),
        "value": VALUES,
    },
)
PATCHES = st.fixed_dictionaries({"Operations": st.one_of(st.lists(OPERATIONS, max_size=4), VALUES)})
QUERIES = st.dictionaries(
    st.sampled_from(
        ["filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes"]
    ),
    st.one_of(
        TEXTS.filter(lambda text: "\ud800" not in text),
        PATHS,
        st.builds(
            "{} {} {}".format,
            st.sampled_from(
                ["userName", "externalId", "id", "active", "meta.created", "emails", "groups", "name", "x"]
            ),
            st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "le", "pr", "xx"]),
            st.sampled_from(
                ['"a"', '""', "null", "true", "1", "-1e400", '"2020-01-01"', '"\\u0000"', '"0001-01-01"', ""]
            ),
        ),
    ),
    max_size=4,
)
