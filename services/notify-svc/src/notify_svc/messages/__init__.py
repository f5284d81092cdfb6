"""Mails that agents send to leads from activated templates (A3.3)."""
