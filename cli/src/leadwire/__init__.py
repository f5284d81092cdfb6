"""The leadwire command: run, check and repair the platform."""

from importlib.metadata import version

__version__ = version("leadwire")
