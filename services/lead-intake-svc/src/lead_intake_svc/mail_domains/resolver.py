"""Whether a domain takes e-mail, as its name servers say."""

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.name import root

MX, A, AAAA = "MX", "A", "AAAA"


class Resolver:
    """`server` is `host:port` of a name server; empty: those of the system."""

    def __init__(self, server: str, timeout_seconds: float) -> None:
        self._server = server
        self._timeout = timeout_seconds
        self._made: dns.asyncresolver.Resolver | None = None

    async def takes_mail(self, domain: str) -> bool | None:
        """None when nobody could say within the time limit. Raises nothing."""
        try:
            return await self._ask(domain)
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    async def _ask(self, domain: str) -> bool:
        """RFC 5321: without MX, the domain's own address takes its mail; RFC 7505: an MX of `.` says that none does."""
        try:
            answer = await self._resolver().resolve(domain, MX)
        except dns.resolver.NXDOMAIN:
            return False
        except dns.resolver.NoAnswer:
            return await self._has_address(domain)
        return any(record.exchange != root for record in answer)

    async def _has_address(self, domain: str) -> bool:
        for kind in (A, AAAA):
            try:
                await self._resolver().resolve(domain, kind)
            except dns.resolver.NoAnswer:
                continue
            except dns.resolver.NXDOMAIN:
                return False
            return True
        return False

    def _resolver(self) -> dns.asyncresolver.Resolver:
        """Made at first use: a machine without name servers is one that cannot say."""
        if self._made is None:
            made = dns.asyncresolver.Resolver(configure=not self._server)
            if self._server:
                host, _, port = self._server.rpartition(":")
                made.nameservers = [host]
                made.port = int(port)
            made.lifetime = made.timeout = self._timeout
            self._made = made
        return self._made
