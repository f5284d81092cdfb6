"""Fixtures of every test: private PostgreSQL and RabbitMQ, services with a database of their own."""

from hypothesis import settings

pytest_plugins = ["servicekit.testing"]

# A deadline would measure the machine, not the code.
settings.register_profile("leadwire", deadline=None)
settings.load_profile("leadwire")
