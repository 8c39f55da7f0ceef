"""Which URLs and addresses the product may call (O-5, V-23)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

from foundation.http import OutboundCode, OutboundError, check_url
from foundation.outbound_target import Target, is_public, usable_addresses


def refused(call: Callable[[], object]) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        call()
    return caught.value


# V-23: the URLs that forms accept
@pytest.mark.parametrize(
    "url",
    [
        "https://login.example",
        "https://login.example/a/b?p=policy",
        "https://LOGIN.example:8443/",
        "https://xn--mnchen-3ya.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ],
)
def test_admin_can_save_a_public_https_url(url: str) -> None:
    check_url(url, frozenset())


# V-23
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://login.example/", OutboundCode.NOT_HTTPS),
        ("ftp://login.example/", OutboundCode.NOT_HTTPS),
        ("javascript:alert(1)", OutboundCode.NOT_HTTPS),
        ("//login.example/", OutboundCode.NOT_HTTPS),
        ("", OutboundCode.BAD_URL),
        ("https://", OutboundCode.BAD_URL),
        ("https://user@login.example/", OutboundCode.BAD_URL),
        ("https://user:password@login.example/", OutboundCode.BAD_URL),
        ("https://login.example/#x", OutboundCode.BAD_URL),
        ("https://login.example/#", OutboundCode.BAD_URL),
        ("https://login.example:/", OutboundCode.BAD_URL),
        ("https://login.example:0/", OutboundCode.BAD_URL),
        ("https://login.example:99999/", OutboundCode.BAD_URL),
        ("https://login.example\\@evil.example/", OutboundCode.BAD_URL),
        ("https://login.example/ x", OutboundCode.BAD_URL),
        ("https://login.example/\r\nX: y", OutboundCode.BAD_URL),
        ("https://münchen.example/", OutboundCode.BAD_URL),
        ("https://login.example./", OutboundCode.BAD_URL),
        ("https://login..example/", OutboundCode.BAD_URL),
        ("https://2130706433/", OutboundCode.BAD_URL),
        ("https://0x7f.1/", OutboundCode.BAD_URL),
        ("https://0177.0.0.1/", OutboundCode.BAD_URL),
        ("https://[fe80::1%25eth0]/", OutboundCode.BAD_URL),
        ("https://login.example/" + "a" * 2048, OutboundCode.BAD_URL),
        ("https://127.0.0.1/", OutboundCode.BLOCKED_ADDRESS),
        ("https://169.254.169.254/latest/meta-data/", OutboundCode.BLOCKED_ADDRESS),
        ("https://[::1]/", OutboundCode.BLOCKED_ADDRESS),
        ("https://[::ffff:10.0.0.1]/", OutboundCode.BLOCKED_ADDRESS),
    ],
)
def test_admin_cannot_save_an_unfit_url(url: str, code: OutboundCode) -> None:
    assert refused(lambda: check_url(url, frozenset())).code is code


# O-5
@pytest.mark.parametrize(
    "address",
    [
        *("0.1.2.3", "10.1.2.3", "100.64.0.1", "127.8.8.8", "168.63.129.16", "169.254.1.1", "172.31.0.1"),
        *("192.0.0.8", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "100::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ),
        *("2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
    ],
)
def test_addresses_that_are_not_on_the_public_internet_are_known(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_addresses_on_the_public_internet_are_known(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


# O-5: of several addresses only the public ones are used
def test_private_addresses_among_public_ones_are_never_tried() -> None:
    target = Target.parse("https://login.example/", frozenset())
    public: Any = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))
    private: Any = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))
    assert usable_addresses(target, [private, public]) == [public]
    assert refused(lambda: usable_addresses(target, [private])).code is OutboundCode.BLOCKED_ADDRESS
