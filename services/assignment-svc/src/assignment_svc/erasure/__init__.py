"""Forgetting a person: everything personal about their leads goes, what is counted stays."""
