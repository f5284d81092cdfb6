"""The configuration of the private PostgreSQL: small, durable, and silent about people's data."""

ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "300",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "min_wal_size": "80MB",
    "jit": "off",
    # Two cores: a parallel plan for one reader takes them from everybody else.
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "random_page_cost": "1.1",
    # The queue table dies and is reborn all day; a minute between looks lets it bloat.
    "autovacuum_naptime": "1s",
    "autovacuum_max_workers": "2",
    # Small tables that change all day would be looked through every second, and each time every plan over them is
    # made anew on every connection. Tables that cannot wait have thresholds of their own.
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_analyze_threshold": "1000",
    # Error texts quote values ('Key (email)=(…) already exists', 'invalid input syntax for …: "…"'). LOG ranks
    # above ERROR, so only the server's own events are written, without DETAIL.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.english",
}
ROOMY = {"shared_buffers": "128MB", "maintenance_work_mem": "64MB", "max_wal_size": "2GB"}
FAST = {"shared_buffers": "32MB", "maintenance_work_mem": "32MB", "max_wal_size": "512MB"}
# From 18 on; its default keeps three more processes for reads that are in the page cache anyway.
SINCE_18 = {"io_method": "sync"}


def configuration(major: int, *, fast: bool) -> str:
    """Return the text of postgresql.conf for this major version."""
    settings = ALWAYS | (FAST if fast else ROOMY) | (SINCE_18 if major >= 18 else {})
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def initdb_options(major: int) -> list[str]:
    """Return what a new cluster is made with: checksums, UTF-8, and an order that no system library changes."""
    provider = ["--locale-provider=builtin", "--locale=C.UTF-8"] if major >= 17 else ["--locale=C.UTF-8"]
    return ["--encoding=UTF8", *provider, "--auth=scram-sha-256", "--data-checksums"]
