"""The queue: who may be called now, and the claim."""
