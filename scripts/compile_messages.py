"""Compile the translations: every `locale/<language>/LC_MESSAGES/*.po` to the `.mo` file beside it.

A fresh machine has no gettext tools, so the `.mo` files are kept in the repository, and this script, which
needs nothing but Python, writes them. Run it after editing a `.po` file:

    python scripts/compile_messages.py            # write
    python scripts/compile_messages.py --check    # write nothing; exit 1 if a .mo file is out of date

Formats: GNU gettext manual, "The Format of PO Files" and "The Format of GNU MO Files". Fuzzy, obsolete
and untranslated entries are left out, as msgfmt leaves them out.
"""

import argparse
import ast
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MO_MAGIC = 0x950412DE
MO_HEADER_SIZE = 28  # bytes: seven 32-bit words
KEYWORD = re.compile(r"msgctxt|msgid|msgid_plural|msgstr(\[[0-9]\])?")
STRING = re.compile(r'"([^"\\]|\\["\\ntr])*"')


class PoSyntaxError(Exception):
    """A line of a `.po` file that can't be understood; the message names file and line."""

    code = "po_syntax"


def parse_po(text: str, name: str = "<text>") -> dict[str, str]:
    """Read `.po` text into a mapping of `.mo` keys to translations; PoSyntaxError names a wrong line."""
    messages: dict[str, str] = {}
    parts: dict[str, str] = {}  # of the entry being read: msgctxt, msgid, msgid_plural, msgstr, msgstr[0], …
    current = ""
    fuzzy = False

    lines = [*text.splitlines(), 'msgid ""']  # the added line ends the last entry
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        keyword, _, rest = line.partition(" ")
        starts_entry = line.startswith("#") or keyword in ("msgctxt", "msgid")
        if starts_entry and parts.keys() & {"msgstr", "msgstr[0]"}:
            key, translation = mo_pair(parts)
            if key in messages:
                raise PoSyntaxError(f"{name}:{number}: the message before this line is given twice: {key!r}")
            if translation and not (fuzzy and key):
                messages[key] = translation
            parts, current, fuzzy = {}, "", False
        if not line or line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        if not line.startswith('"'):
            if not KEYWORD.fullmatch(keyword):
                raise PoSyntaxError(f"{name}:{number}: unknown keyword {keyword!r}")
            current, line = keyword, rest.strip()
        if not current or not STRING.fullmatch(line):
            raise PoSyntaxError(f"{name}:{number}: a quoted string was expected")
        parts[current] = parts.get(current, "") + ast.literal_eval(line)
    return messages


def mo_pair(parts: dict[str, str]) -> tuple[str, str]:
    """Key and translation of one entry as a `.mo` file stores them; an incomplete translation is empty."""
    key = parts.get("msgid", "")
    if "msgid_plural" in parts:
        key += "\0" + parts["msgid_plural"]
    if "msgctxt" in parts:
        key = parts["msgctxt"] + "\x04" + key
    forms = [form for keyword, form in parts.items() if keyword.startswith("msgstr")]
    return key, "\0".join(forms) if all(forms) else ""


def build_mo(messages: dict[str, str]) -> bytes:
    """The bytes of a `.mo` file (little endian, no hash table); the same messages give the same bytes."""
    items = sorted((key.encode(), value.encode()) for key, value in messages.items())
    offset = MO_HEADER_SIZE + 16 * len(items)
    tables, texts = [b"", b""], b""
    for column in (0, 1):
        for item in items:
            tables[column] += struct.pack("<2I", len(item[column]), offset + len(texts))
            texts += item[column] + b"\0"
    second_table = MO_HEADER_SIZE + 8 * len(items)
    header = struct.pack("<7I", MO_MAGIC, 0, len(items), MO_HEADER_SIZE, second_table, 0, offset)
    return header + tables[0] + tables[1] + texts


def main(arguments: list[str] | None = None) -> int:
    """Compile or check all languages; the exit status is 1 if `--check` found a stale file."""
    parser = argparse.ArgumentParser(description="Compile locale/*/LC_MESSAGES/*.po to .mo.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one is out of date")
    check = parser.parse_args(arguments).check
    stale = False
    for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        compiled = build_mo(parse_po(source.read_text(encoding="utf-8"), str(source.relative_to(ROOT))))
        if target.exists() and target.read_bytes() == compiled:
            continue
        stale = True
        sys.stdout.write(f"{'out of date' if check else 'written'}: {target.relative_to(ROOT)}\n")
        if not check:
            target.write_bytes(compiled)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
