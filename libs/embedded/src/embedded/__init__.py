"""Private PostgreSQL, RabbitMQ and nginx for one machine, without installing them."""
