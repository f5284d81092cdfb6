"""What every service has: its dead letters, for admins (O7.3)."""

from authorisation.rows import Table, may


def dead_letters(service: str) -> Table:
    path = f"/v1/dead-letters/{service}"
    return {
        f"GET {path}": may("admin"),
        f"GET {path}/groups": may("admin"),
        f"GET {path}/{{letter_id}}": may("admin", may_be_absent=True),
        f"POST {path}/replay": may("admin", body={"all": True, "dry_run": True}),
        f"POST {path}/discard": may("admin", body={"all": True, "dry_run": True, "reason": "made up"}),
    }
