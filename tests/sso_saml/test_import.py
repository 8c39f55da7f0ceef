"""lxml and xmlsec bring a libxml2 each; a wrong pair of wheels crashes or refuses every signature."""

from __future__ import annotations

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from xmlsec import constants

from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import ADA, Recipe, certificate, config, expected, pem, rsa_key


def test_xmlsec_was_built_for_the_libxml2_that_lxml_brings() -> None:
    assert xmlsec.get_libxml_version()[:2] == etree.LIBXML_VERSION[:2]


def test_what_xmlsec_signs_in_an_lxml_tree_it_verifies_there() -> None:
    key = rsa_key("idp").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    root = etree.fromstring('<a ID="a1"><b>text</b></a>')
    signature = xmlsec.template.create(root, constants.TransformExclC14N, constants.TransformRsaSha256)
    root.append(signature)
    reference = xmlsec.template.add_reference(signature, constants.TransformSha256, uri="#a1")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    xmlsec.tree.add_ids(root, ["ID"])
    signing = xmlsec.SignatureContext()
    signing.key = xmlsec.Key.from_memory(key, constants.KeyDataFormatPem)
    signing.sign(signature)
    verifying = xmlsec.SignatureContext()
    verifying.key = xmlsec.Key.from_memory(pem(certificate(rsa_key("idp"))), constants.KeyDataFormatCertPem)

    verifying.verify(signature)


def test_what_cryptography_signs_the_toolkit_verifies() -> None:
    assert validate_response(config(), Recipe().post(), expected()).name_id == ADA
