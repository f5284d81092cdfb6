"""Reference data, whole, and the counters that say whether it has changed."""

from typing import Any

from asyncpg import Pool, Record
from lead_intake_svc.reference.facts import ContactListFacts, KeyFacts, PartnerFacts, ProjectFacts, SaleRule
from lead_intake_svc.reference.project import project_facts
from messaging.unit_of_work import UnitOfWork

_COUNTERS = "SELECT name, version FROM change_counters"
_BUMP = "UPDATE change_counters SET version = version + 1 WHERE name = $1"
_KEYS = "SELECT id, partner_id, digest, scopes, test, expires_at FROM partner_keys WHERE revoked_at IS NULL"
_PARTNERS = """
SELECT id, active, sells_leads, default_location, force_default_location, priority, include_comments_with_return,
    is_test
FROM partners
"""
_PROJECTS = """
SELECT id, sponsor_id, state, call_centre_validation, after_validation, region, duplicates, checks, intake FROM projects
"""
_NATIONAL_LISTS = "SELECT scope, scope_id, as_of FROM suppression_lists WHERE national"
_CONTACT_LISTS = "SELECT id, project_id, expired FROM contact_lists"
_SALE_RULES = """
SELECT r.id, r.buyer_id, r.project_id, r.partner_id, r.price FROM sale_rules AS r WHERE r.active ORDER BY r.place, r.id
"""
_TOUCH = """
UPDATE partner_keys SET last_used_at = now()
WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""
_KEEP_PROJECT = """
INSERT INTO projects AS p (id, sequence, sponsor_id, state, call_centre_validation, after_validation, region,
    duplicates, checks, intake)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET sequence = $2, sponsor_id = $3, state = $4, call_centre_validation = $5,
    after_validation = $6, region = $7, duplicates = $8, checks = $9, intake = $10
WHERE p.sequence < $2
"""
_KEEP_CONTACT_LIST = """
INSERT INTO contact_lists AS c (id, sequence, project_id, expired) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET sequence = $2, project_id = $3, expired = $4
WHERE c.sequence < $2
"""


async def bump(work: UnitOfWork, name: str) -> None:
    """Tells every process to reload: takes effect with the commit. The row's lock keeps bumps in order."""
    await work.execute(_BUMP, name)


async def counters(pool: Pool) -> dict[str, int]:
    return {row["name"]: row["version"] for row in await pool.fetch(_COUNTERS, timeout=5)}


async def touch(pool: Pool, key_ids: list[str]) -> None:
    await pool.execute(_TOUCH, key_ids, timeout=5)


async def keys(pool: Pool) -> dict[str, KeyFacts]:
    return {row["id"]: _key(row) for row in await pool.fetch(_KEYS, timeout=10)}


async def partners(pool: Pool) -> dict[str, PartnerFacts]:
    return {row["id"]: _partner(row) for row in await pool.fetch(_PARTNERS, timeout=10)}


async def projects(pool: Pool) -> dict[str, ProjectFacts]:
    lists = await pool.fetch(_NATIONAL_LISTS, timeout=10)
    return {row["id"]: project_facts(row, lists) for row in await pool.fetch(_PROJECTS, timeout=10)}


async def contact_lists(pool: Pool) -> dict[str, ContactListFacts]:
    return {row["id"]: ContactListFacts(**row) for row in await pool.fetch(_CONTACT_LISTS, timeout=10)}


async def sale_rules(pool: Pool) -> list[SaleRule]:
    """Those in force, in the order in which they are tried."""
    return [SaleRule(**row) for row in await pool.fetch(_SALE_RULES, timeout=10)]


def _key(row: Record) -> KeyFacts:
    return KeyFacts(
        row["id"], row["partner_id"], row["digest"], frozenset(row["scopes"]), row["test"], row["expires_at"]
    )


def _partner(row: Record) -> PartnerFacts:
    return PartnerFacts(
        id=row["id"],
        active=row["active"],
        sells_leads=row["sells_leads"],
        default_location=row["default_location"],
        force_default_location=row["force_default_location"],
        priority=row["priority"],
        include_comments=row["include_comments_with_return"],
        is_test=row["is_test"],
    )


async def keep_project(work: UnitOfWork, values: tuple[Any, ...]) -> bool:
    """False when a newer version is there."""
    return await work.execute(_KEEP_PROJECT, *values) == "INSERT 0 1"


async def keep_contact_list(work: UnitOfWork, values: tuple[Any, ...]) -> bool:
    """False when a newer version is there."""
    return await work.execute(_KEEP_CONTACT_LIST, *values) == "INSERT 0 1"
