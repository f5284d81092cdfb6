"""Sending webhooks (N5.6): claims, checked connections, signatures, retries."""
