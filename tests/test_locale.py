"""The German translation is complete, keeps its placeholders, and is compiled (A-11).

The messages are taken from the templates by Django's own `templatize`: the test needs no gettext tools.
"""

import ast
import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

from scripts.compile_messages import PoSyntaxError, build_mo, main, parse_po

ROOT = Path(__file__).resolve().parent.parent
GERMAN = ROOT / "locale/de/LC_MESSAGES/django.po"
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
PLAIN = re.compile(rf"(?<!\w)(?:gettext|_)\((?P<id>{STRING})\)")
PLURAL = re.compile(rf"(?<!\w)ngettext\((?P<id>{STRING}), {STRING}, ?count\)")
WITH_CONTEXT = re.compile(rf"(?<!\w)pgettext\((?P<context>{STRING}), (?P<id>{STRING})\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def template_messages() -> list[tuple[str, str]]:
    """(template, key as gettext catalogs store it) of every translatable string in the templates."""
    found = []
    for path in sorted((ROOT / "templates").rglob("*.*")):
        source = templatize(path.read_text(encoding="utf-8"), str(path))
        name = str(path.relative_to(ROOT))
        found += [(name, ast.literal_eval(match["id"])) for match in PLAIN.finditer(source)]
        found += [(name, ast.literal_eval(match["id"])) for match in PLURAL.finditer(source)]
        found += [
            (name, ast.literal_eval(match["context"]) + "\x04" + ast.literal_eval(match["id"]))
            for match in WITH_CONTEXT.finditer(source)
        ]
    return found


@pytest.fixture(scope="module")
def german() -> dict[str, str]:
    """The German catalog: key (of a plural, its singular) to translation (of a plural, all forms)."""
    messages = parse_po(GERMAN.read_text(encoding="utf-8"), GERMAN.name)
    return {key.partition("\0")[0]: text for key, text in messages.items()}


#
def test_german_reader_meets_no_english_on_any_page(german: dict[str, str]) -> None:
    messages = template_messages()
    assert ("templates/sso/my_access.html", "My access") in messages, "the extraction itself is broken"
    assert [(name, key) for name, key in messages if not german.get(key)] == []


#
def test_german_sentences_name_the_same_people_and_places_as_the_english_ones(german: dict[str, str]) -> None:
    sentences = {key: text for key, text in german.items() if PLACEHOLDER.search(key + text)}
    assert "Sign in to %(account)s" in sentences
    assert {
        key: text
        for key, text in sentences.items()
        if set(PLACEHOLDER.findall(key)) != set(PLACEHOLDER.findall(text))
    } == {}


#
def test_edited_translations_were_compiled() -> None:
    assert main(["--check"]) == 0, "run python scripts/compile_messages.py"


#
def test_compiled_translation_is_read_by_gettext() -> None:
    with GERMAN.with_suffix(".mo").open("rb") as stream:
        catalog = gettext.GNUTranslations(stream)
    assert catalog.gettext("My access") == "Mein Zugriff"
    assert catalog.gettext("Taking you to %(provider_name)s…") == "Weiterleitung zu %(provider_name)s …"


def test_plurals_and_contexts_survive_compiling_and_unfinished_entries_do_not() -> None:
    po = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"
msgid "%d role"
msgid_plural "%d roles"
msgstr[0] "%d Rolle"
msgstr[1] "%d Rollen"
msgctxt "verb"
msgid "Open \\"it\\""
msgstr "\\"Es\\" "
"öffnen"
#, fuzzy
msgid "Maybe"
msgstr "Vielleicht"
msgid "Later"
msgstr ""
#~ msgid "Gone"
#~ msgstr "Weg"
"""
    catalog = gettext.GNUTranslations(BytesIO(build_mo(parse_po(po))))
    assert [catalog.ngettext("%d role", "%d roles", count) for count in (1, 2)] == ["%d Rolle", "%d Rollen"]
    assert catalog.pgettext("verb", 'Open "it"') == '"Es" öffnen'
    assert [catalog.gettext(text) for text in ("Maybe", "Later", "Gone")] == ["Maybe", "Later", "Gone"]


@pytest.mark.parametrize(
    ("po", "complaint"),
    [
        ('msgid "Name"\nmsgstr "Name"\n\nmsgid "Name"\nmsgstr "Benennung"\n', "de.po:6: .*given twice"),
        ('msgid "Name"\nmsgstr Name\n', "de.po:2: .*quoted string"),
        ('msgid "Name"\nmsgstr "Na"me"\n', "de.po:2: .*quoted string"),
        ('msgid "Name"\nmsgstring "Name"\n', "de.po:2: unknown keyword 'msgstring'"),
    ],
)
def test_translator_is_told_the_line_of_a_mistake(po: str, complaint: str) -> None:
    with pytest.raises(PoSyntaxError, match=complaint):
        parse_po(po, "de.po")
