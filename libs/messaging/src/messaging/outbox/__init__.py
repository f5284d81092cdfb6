"""How committed events leave: a leased relay publishes the outbox and deletes what was confirmed."""
