"""Secrets that are none: too short, too simple, or printed in a manual. Pure."""

from urllib.parse import unquote, urlsplit

# Below it a key of 32 characters is a pattern, not a secret; a random one in hex has about 13.
FEWEST_CHARACTERS = 8
_DEFAULTS = ("changeme", "change-me", "change_me", "secret", "password", "example", "default", "insecure", "leadwire")
_USUAL = {*_DEFAULTS, "", "postgres", "admin", "root", "guest", "user", "test", "rabbitmq", "123456", "12345678"}
_LOCAL = {"127.0.0.1", "::1", "localhost"}


def why_weak(secret: str, shortest: int) -> str | None:
    """What is wrong with a key that a process encrypts, signs or hashes with."""
    remedy = "use 32 random bytes, e.g. from `openssl rand -base64 32`"
    if len(secret) < shortest:
        return f"it is shorter than {shortest} characters; {remedy}."
    if any(word in secret.lower() for word in _DEFAULTS):
        return f"it is made of a word that everybody tries; {remedy}."
    if len(set(secret)) < FEWEST_CHARACTERS:
        return f"it repeats a few characters; {remedy}."
    return None


def why_wrong_database(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        scheme, user, host, password = parts.scheme, parts.username, parts.hostname, unquote(parts.password or "")
        _ = parts.port
    except ValueError:
        return "this is no address; write postgresql://user:password@host:port/database."
    if scheme not in {"postgresql", "postgres"}:
        return "the address must begin with postgresql://; other databases do not keep what Leadwire promises."
    if len(parts.path) < 2:
        return "the address names no database; write postgresql://user:password@host:port/database."
    if parts.password is not None and (password.lower() in _USUAL or password == user):
        return "the password is one that everybody tries; give the role a random one (ALTER ROLE … PASSWORD …)."
    if host is None and "host=" not in parts.query:
        return "the address names no host; write postgresql://user:password@host:port/database."
    return None


def why_wrong_broker(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        scheme, user, host, password = parts.scheme, parts.username, parts.hostname, unquote(parts.password or "")
        _ = parts.port
    except ValueError:
        return "this is no address; write amqp://user:password@host:port/vhost."
    if scheme not in {"amqp", "amqps"} or not host:
        return "the address must begin with amqp:// or amqps:// and name a host."
    if host in _LOCAL:
        return None
    if user in {None, "guest"}:
        return "the user `guest` is everybody's; use the service's own, which `leadwire migrate` makes."
    if password.lower() in _USUAL or password == user:
        return "the password is one that everybody tries; give the user a random one."
    return None
