"""Fixtures of every test: private PostgreSQL and RabbitMQ, services with a database of their own."""

pytest_plugins = ["servicekit.testing"]
