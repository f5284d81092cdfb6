"""Speed to lead: a clock per lead that runs only while the lead may be called (A3.13)."""
