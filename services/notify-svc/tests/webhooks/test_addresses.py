"""security.md, webhooks out: resolve once, check every address, connect to what was checked, at every attempt."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_svc.webhook_sending.addresses import UrlRefused, check_url, is_public, refusal
from notify_svc.webhook_sending.resolving import SystemResolver

REFUSED = [
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "192.88.99.1", "0.0.0.0", "::", "::1",  # noqa: S104 -- refused, not bound
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "100::1", "2606:4700::1%1", "localhost", "8.8.8", "0x7f000001", "1.2.3.4.5",
]  # fmt: skip
ALLOWED = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]


@pytest.mark.parametrize("address", REFUSED)
def test_n5_6_an_address_that_is_not_of_the_public_internet_is_refused(address: str):
    assert not is_public(address)
    assert refusal([address, "8.8.8.8"], "public", encrypted=True) == "address-not-allowed"
    assert refusal(["8.8.8.8", address], "loopback", encrypted=True) == "address-not-allowed"


@pytest.mark.parametrize("address", ALLOWED)
def test_n5_6_a_public_address_is_allowed_over_tls_only(address: str):
    assert refusal([address], "public", encrypted=True) is None
    assert refusal([address], "loopback", encrypted=False) == "not-encrypted"


@given(st.ip_addresses())
def test_n5_6_whatever_python_calls_special_is_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address):
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_n5_6_no_ipv4_address_is_reached_inside_an_ipv6_one(v4: ipaddress.IPv4Address):
    inside = int(v4)
    for form in (0xFFFF << 32 | inside, inside, 0x64FF9B << 96 | inside, 0x2002 << 112 | inside << 80):
        assert not is_public(str(ipaddress.IPv6Address(form)))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https:///path", "https://user@example.com/", "//example.com/",
        "https://user:word@example.com/", "https://example.com/#part", "https://exa mple.com/", "https://example.com:25/",
        "https://example.com:0/", "https://example.com:99999/", "https://example.com/\r\nX: y", "https://ex\u00e4mple.com/",
        "https://10.0.0.1/", "https://[::1]/", "https://[fe80::1%25eth0]/",
        "https://example.com\\@internal/", "https://[::1/", "javascript:alert(1)", "https://e.com/" + "x" * 2000, "",
    ],
)  # fmt: skip
def test_n5_6_odd_urls_are_refused_when_they_are_written(url: str):
    with pytest.raises(UrlRefused):
        check_url(url, "public")


def test_n5_6_ordinary_urls_are_accepted():
    for url in ("https://example.com", "https://example.com:8443/a?b=c", "https://xn--exmple-cua.com/"):
        check_url(url, "public")
    check_url("http://127.0.0.1:8000/", "loopback")


async def test_n5_6_other_ways_to_write_an_address_are_seen_through():
    """The system resolves them; what they stand for is then checked."""
    resolve = SystemResolver(1)
    for written in ("0x7f000001", "2130706433", "127.1", "localhost", "0", "[::ffff:127.0.0.1]".strip("[]")):
        addresses = await resolve(written, 443)
        assert refusal(addresses, "public", encrypted=True) is not None, written
