"""The German translation is complete, keeps its placeholders, holds nothing that is no longer said, and is compiled.

The messages are taken from the templates by Django's own `templatize`, and from the Python code by walking its syntax
trees: the tests need no gettext tools (A-11).
"""

import ast
import gettext
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.utils.translation.template import templatize

from scripts.compile_messages import PoSyntaxError, build_mo, main, parse_po

ROOT = Path(__file__).resolve().parent.parent
GERMAN = ROOT / "locale/de/LC_MESSAGES/django.po"
PACKAGES = (
    *(
        "accounts",
        "audit",
        "broker",
        "console",
        "foundation",
        "scim",
        "spaces",
        "sso",
        "sso_oidc",
        "sso_saml",
    ),
)
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
PLAIN = re.compile(rf"(?<!\w)(?:gettext|_)\((?P<id>{STRING})\)")
PLURAL = re.compile(rf"(?<!\w)ngettext\((?P<id>{STRING}), (?P<plural>{STRING}), ?count\)")
WITH_CONTEXT = re.compile(rf"(?<!\w)pgettext\((?P<context>{STRING}), (?P<id>{STRING})\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w*\}")

# Which arguments of Django's functions make up a message, by name without `_lazy` and `_noop`.
TEXTS = {
    "gettext": ("id",),
    "ngettext": ("id", "plural"),
    "pgettext": ("context", "id"),
    "npgettext": ("context", "id", "plural"),
}


class Message(NamedTuple):
    """A text for people: the file that says it, and its key as catalogs store it."""

    place: str
    key: str


def key_of(*, id: str, context: str = "", plural: str = "") -> str:
    """The key of a message in a catalog (GNU gettext manual, "The Format of GNU MO Files")."""
    return (f"{context}\x04" if context else "") + id + (f"\0{plural}" if plural else "")


def template_messages() -> list[Message]:
    """Every translatable string in the templates."""
    found = []
    folders = [ROOT / "templates", *(ROOT / package / "templates" for package in PACKAGES)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.*")):
        source = templatize(path.read_text(encoding="utf-8"), str(path))
        for pattern in (PLAIN, PLURAL, WITH_CONTEXT):
            for match in pattern.finditer(source):
                texts = {name: ast.literal_eval(text) for name, text in match.groupdict().items()}
                found.append(Message(str(path.relative_to(ROOT)), key_of(**texts)))
    return found


def python_messages() -> list[Message]:
    """Every string that our code hands to one of Django's translation functions."""
    return [
        Message(f"{path.relative_to(ROOT)}:{call.lineno}", key_of(**texts))
        for path in code_files()
        for call, texts in translation_calls(path.read_text(encoding="utf-8"))
        if is_constant(texts)
    ]


def code_files() -> list[Path]:
    """The modules of the product, without migrations."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def translation_calls(module: str) -> Iterator[tuple[ast.Call, dict[str, Any]]]:
    """Each call of a translation function that the module imported, by whatever name, with its texts by their name.

    A text that is no constant is given as its syntax tree.
    """
    tree = ast.parse(module)
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = names.get(node.func.id, "").removesuffix("_lazy").removesuffix("_noop")
            values = [
                argument.value if isinstance(argument, ast.Constant) else argument for argument in node.args
            ]
            if function in TEXTS:
                yield node, dict(zip(TEXTS[function], values, strict=False))


def is_constant(texts: dict[str, Any]) -> bool:
    """Whether translators can be given these texts."""
    return "id" in texts and all(isinstance(text, str) for text in texts.values())


@pytest.fixture(scope="module")
def german() -> dict[str, str]:
    """The German catalog: key to translation (of a plural, all forms); the header is left out."""
    messages = parse_po(GERMAN.read_text(encoding="utf-8"), GERMAN.name)
    return {key: text for key, text in messages.items() if key}


#
def test_german_reader_meets_no_english_on_any_page(german: dict[str, str]) -> None:
    messages = template_messages()
    assert Message("templates/sso/my_access.html", "My access") in messages, "the extraction itself is broken"
    assert [message for message in messages if not german.get(message.key)] == []


#
def test_german_reader_meets_no_english_text_of_the_code(german: dict[str, str]) -> None:
    messages = python_messages()
    assert "%(email)s does not have an active account in %(product)s." in {key for _, key in messages}
    assert [message for message in messages if not german.get(message.key)] == []


#
def test_every_text_of_the_code_can_be_given_to_translators() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}: {ast.unparse(call)}"
        for path in code_files()
        for call, texts in translation_calls(path.read_text(encoding="utf-8"))
        if not is_constant(texts)
    ]
    assert hidden == [], "translate a constant, and put values in afterwards"


#
def test_translators_keep_no_text_that_nobody_reads(german: dict[str, str]) -> None:
    said = {message.key for message in (*template_messages(), *python_messages())}
    assert [key for key in german if key not in said] == []


#
def test_german_sentences_name_the_same_people_and_places_as_the_english_ones(german: dict[str, str]) -> None:
    assert "Sign in to %(account)s" in german
    wrong = {}
    for key, text in german.items():
        english, translated = key.rpartition("\x04")[2].split("\0"), text.split("\0")
        if [set(PLACEHOLDER.findall(form)) for form in english] != [
            set(PLACEHOLDER.findall(form)) for form in translated
        ]:
            wrong[key] = text
    assert wrong == {}


def test_extraction_finds_texts_under_any_name_and_joins_their_parts() -> None:
    module = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext_lazy as where
_("one " "text")
gettext_lazy("lazy")
ngettext("%(n)d row", "%(n)d rows", n)
where("verb", "open")
other("not ours")
_(f"{put} in too early")
[_ for _ in range(3)]
"""
    texts = [texts for _, texts in translation_calls(module)]
    assert [key_of(**found) for found in texts if is_constant(found)] == [
        "one text",
        "lazy",
        "%(n)d row\0%(n)d rows",
        "verb\x04open",
    ]
    assert len(texts) == 5


#
@pytest.mark.django_db
def test_german_browser_gets_a_german_login_page_and_german_complaints(client: Client) -> None:
    german = {"accept-language": "de-DE,de;q=0.9,en;q=0.5"}
    assert (
        "Ihre geschäftliche E-Mail-Adresse zeigt uns"
        in client.get("/login/", headers=german).content.decode()
    )
    page = client.post("/login/", {"email": "mia@"}, headers=german)
    assert page.status_code == 400
    assert "Geben Sie eine gültige E-Mail-Adresse ein." in page.content.decode()


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
