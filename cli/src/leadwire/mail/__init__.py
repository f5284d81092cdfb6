"""The local mail sink of `leadwire up`: it takes every mail by SMTP and shows it at /mail."""
