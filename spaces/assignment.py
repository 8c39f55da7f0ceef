"""Which spaces and roles the claims ``space_name`` and ``space_role`` give: the six rules (J-4 to J-6).

``split_list`` turns what the provider sent into a list with positions; ``assign`` pairs the two lists by
position and answers with the account's own names, the rules that fired and the names that matched only
loosely. Nothing fails: one bad value never drops the good ones (J-9). Pure values, no database; that an
absent ``space_name`` changes nothing (J-10) and that nobody's default space is touched (J-7) is the planner's
business.

**Entries.** A list is split at commas, each entry trimmed, and an entry counts and keeps its position even
when it is empty, at the end too: for ``A,B`` / ``Dev,`` B was given no role, and reading that as "one role
for all" would hand out more than was said. An empty entry is a name that nobody has, so it meets rule 3 or
rule 6 like any unknown name. A list of nothing but empty entries is an empty list.

**Names** compare exactly, then by ``fold`` (case and Unicode form) if exactly one known name fits, with a
warning. Several that fit, and none exactly: unknown. The role for everyone, *Space Member*, is always a known
role.

**Rules 1, 2, 4 and 5 look at the raw lists**, before rule 6 drops anything. With N space and M role entries:

1. *One role for all*: N > 1, M = 1. ``A,B`` / ``Dev`` → A=Dev, B=Dev; ``A,Bogus`` / ``Dev`` → A=Dev.
2. *First valid role*: a known space has several role entries, because it stands alone beside several roles
   (then it is not rule 5) or is repeated, in whatever spelling, at positions that have roles of their own.
   ``A`` / ``x,Dev`` → A=Dev; ``A,B,A`` / ``bad,R,Dev`` → A=Dev, B=R. One role for all is not several, however
   often a space is repeated.
3. *Unknown role*: a known space has role entries and none is valid: Space Member. ``A,B`` / ``bad,Dev`` →
   A=Space Member, B=Dev. An unknown role that rule 2 passed over is told in rule 2's detail instead.
4. *More spaces*: N > M, M ≠ 1. Spaces without a role get Space Member, all of them when no role came.
   ``A,B,C`` / ``R,Dev`` → C=Space Member. A position without a role takes no part in rule 2: ``A,B,A`` /
   ``R,Dev`` → A=R, B=Dev.
5. *More roles*: M > N, N ≠ 1. The extra roles are ignored. ``A,B`` / ``R,Dev,S`` → A=R, B=Dev.
6. *Unknown space*: ignored with its role. ``A,Bogus,B`` / ``R,S,Dev`` → A=R, B=Dev.

Each rule is reported once, in order of number, its detail listing what it met. Spaces keep the order of their
first appearance; each gets exactly one role.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from foundation.folding import fold

_QUOTED_CHARACTERS = 60  # of one name; claims are the sender's to fill, details are stored and shown
_LISTED_ITEMS = 5  # in one detail


class Rule(IntEnum):
    """The rules of J-5 by the numbers that admins know them by."""

    ONE_ROLE_FOR_ALL = 1
    FIRST_VALID_ROLE = 2
    UNKNOWN_ROLE = 3
    MORE_SPACES = 4
    MORE_ROLES = 5
    UNKNOWN_SPACE = 6


class NameKind(StrEnum):
    """What a name stands for."""

    SPACE = "space"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role in one space, by the account's own names."""

    space: str
    role: str


@dataclass(frozen=True, slots=True)
class RuleFired:
    """A rule that fired; ``detail`` is for an account admin and quotes what was sent, bounded in length."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class NameWarning:
    """A name that took effect although it equals the account's own only without case (J-6)."""

    kind: NameKind
    sent: str
    matched: str


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """``assignments`` in the order the spaces were named; ``rules`` by number, each once."""

    assignments: tuple[Assignment, ...]
    rules: tuple[RuleFired, ...]
    warnings: tuple[NameWarning, ...]


def split_list(values: Sequence[str]) -> tuple[str, ...]:
    """Return the entries of a claim: comma-separated text, several values, or both (J-4).

    Entries are trimmed; empty ones keep their position, also at the end. ``()`` when every entry is empty.
    """
    return _unless_blank(tuple(entry.strip() for value in values for entry in value.split(",")))


def assign(
    space_names: tuple[str, ...],
    space_roles: tuple[str, ...] | None,
    known_spaces: Sequence[str],
    known_roles: Sequence[str],
    member_role: str = "Space Member",
) -> AssignmentResult:
    """Apply the six rules to two lists made by ``split_list``; ``None`` roles count as no roles.

    ``known_spaces`` and ``known_roles`` are the account's names, possibly differing only by case. Raises
    nothing.
    """
    sent_spaces = _unless_blank(space_names)
    sent_roles = _unless_blank(space_roles or ())
    spaces = _KnownNames(NameKind.SPACE, known_spaces)
    roles = _KnownNames(NameKind.ROLE, (*known_roles, member_role))
    notes = _Notes()
    _note_counts(notes, sent_spaces, sent_roles)

    offered: dict[str, list[str]] = {}
    for position, sent in enumerate(sent_spaces):
        theirs = _roles_at(position, len(sent_spaces), sent_roles)
        space = spaces.find(sent)
        if space is None:
            beside = f" with its role {_quoted(theirs)}" if theirs else ""
            notes.add(Rule.UNKNOWN_SPACE, f"{_quoted([sent])} {spaces.why_unknown(sent)}, ignored{beside}")
        else:
            offered.setdefault(space, []).extend(theirs)

    assignments = tuple(
        Assignment(space, _choose(notes, space, theirs, len(sent_roles), roles, member_role))
        for space, theirs in offered.items()
    )
    return AssignmentResult(assignments, notes.fired(), (*spaces.warnings, *roles.warnings))


def _roles_at(position: int, spaces: int, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the role entries that speak for the space entry at ``position``."""
    if spaces == 1 or len(roles) == 1:
        return roles
    return roles[position : position + 1]


def _choose(
    notes: _Notes, space: str, offered: Sequence[str], sent_roles: int, roles: _KnownNames, member_role: str
) -> str:
    """Return the first valid role offered to a space, else the member role (rules 2 and 3)."""
    chosen = next((role for sent in offered if (role := roles.find(sent)) is not None), None)
    if sent_roles > 1 and len(offered) > 1:
        taken = "none is valid" if chosen is None else f"took {_quoted([chosen])}"
        notes.add(Rule.FIRST_VALID_ROLE, f"{_quoted([space])} was given {_quoted(offered)}: {taken}")
    if chosen is None and offered:
        why = f"{_quoted(offered[:1])} {roles.why_unknown(offered[0])}"
        notes.add(Rule.UNKNOWN_ROLE, f"{_quoted([space])} gets {_quoted([member_role])}: {why}")
    return member_role if chosen is None else chosen


def _note_counts(notes: _Notes, spaces: tuple[str, ...], roles: tuple[str, ...]) -> None:
    """Note the rules that depend on the numbers of entries alone (1, 4, 5)."""
    counts = f"spaces: {len(spaces)}, roles: {len(roles)}"
    if len(roles) == 1 < len(spaces):
        notes.add(Rule.ONE_ROLE_FOR_ALL, f"{counts}; {_quoted(roles)} for all")
    elif len(spaces) > len(roles):
        notes.add(Rule.MORE_SPACES, f"{counts}; no role came for {_quoted(spaces[len(roles) :])}")
    elif len(roles) > len(spaces) != 1:
        notes.add(Rule.MORE_ROLES, f"{counts}; ignored {_quoted(roles[len(spaces) :])}")


def _unless_blank(entries: tuple[str, ...]) -> tuple[str, ...]:
    return entries if any(entries) else ()


def _quoted(names: Sequence[str]) -> str:
    """Quote names for a detail: control and direction characters escaped, long names and long lists cut."""
    shown = [
        repr(name if len(name) <= _QUOTED_CHARACTERS else name[:_QUOTED_CHARACTERS] + "…")
        for name in names[:_LISTED_ITEMS]
    ]
    left_off = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left_off} more" if left_off else "")


class _KnownNames:
    """The account's names of one kind, found exactly or, with a warning, by a unique fold."""

    def __init__(self, kind: NameKind, names: Iterable[str]) -> None:
        self._kind = kind
        self._exact = {name for name in names if name}
        self._by_fold: dict[str, set[str]] = {}
        for name in self._exact:
            self._by_fold.setdefault(fold(name), set()).add(name)
        self._warnings: dict[NameWarning, None] = {}

    @property
    def warnings(self) -> tuple[NameWarning, ...]:
        return tuple(self._warnings)

    def find(self, sent: str) -> str | None:
        """Return the account's own name for ``sent``, ``None`` when it is unknown or fits several."""
        if sent in self._exact:
            return sent
        fitting = self._by_fold.get(fold(sent), set())
        if not sent or len(fitting) != 1:
            return None
        (name,) = fitting
        self._warnings[NameWarning(self._kind, sent, name)] = None
        return name

    def why_unknown(self, sent: str) -> str:
        """Say why ``find`` gave ``None``."""
        if not sent:
            return f"names no {self._kind}"
        if fold(sent) in self._by_fold:
            return f"fits several {self._kind}s without case"
        return f"is not a {self._kind} of this account"


class _Notes:
    """What each rule met; later items of a rule are counted only, so that a detail stays short."""

    def __init__(self) -> None:
        self._items: dict[Rule, list[str]] = {}
        self._left_off: dict[Rule, int] = {}

    def add(self, rule: Rule, item: str) -> None:
        items = self._items.setdefault(rule, [])
        if len(items) < _LISTED_ITEMS:
            items.append(item)
        else:
            self._left_off[rule] = self._left_off.get(rule, 0) + 1

    def fired(self) -> tuple[RuleFired, ...]:
        return tuple(RuleFired(rule, self._detail(rule)) for rule in sorted(self._items))

    def _detail(self, rule: Rule) -> str:
        more = self._left_off.get(rule)
        return "; ".join(self._items[rule]) + (f"; and {more} more" if more else "")
