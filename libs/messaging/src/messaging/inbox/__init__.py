"""How received messages take effect once: decode, inbox entry, handlers and events in one transaction."""
