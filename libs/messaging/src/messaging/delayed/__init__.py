"""Messages kept in the service's own database until they are due: retries without a broker, and replays."""
