"""Outbox, relay, inbox, consumer and dead letters over RabbitMQ or an embedded bus."""
