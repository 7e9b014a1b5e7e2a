"""Where a webhook may lead: the tricks that would lead it inside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from service.errors import BadInputError
from service.store.webhook_urls import check_url, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("10.0.0.1", False),
        ("172.16.5.4", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep their secrets
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),  # IPv4 in the clothes of IPv6
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2002:c0a8:101::1", False),
    ],
)
def test_only_public_addresses_are_called(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hook",
        "https://shop.example:8443/hook?a=b%20c",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/hook",
    ],
)
def test_a_public_https_url_is_taken(url: str) -> None:
    check_url(url, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example/hook",
        "//shop.example/hook",
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:///hook",
        "https://",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/ hook",
        "https://shop.example/\r\nHost: inside",
        "https://shop.example/#part",
        "https://shop.example:99999/",
        "https://[::1/",
        "https://sh\u00f6p.example/",
        "https://shop.example/" + "x" * 2048,
        "https://localhost/",
        "https://LOCALHOST./",
        "https://redis/",
        "https://db.internal/",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BadInputError):
        check_url(url, private=False)


def test_in_development_it_may_lead_inside_but_must_still_be_a_url() -> None:
    for url in ("http://127.0.0.1:8080/hook", "https://localhost/hook"):
        check_url(url, private=True)
    for url in ("ftp://127.0.0.1/", "http://user@localhost/", "http://"):
        with pytest.raises(BadInputError):
            check_url(url, private=True)
