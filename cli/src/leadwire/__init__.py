"""The leadwire command: run, check and repair the platform."""
