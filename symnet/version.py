"""The version, read by the build and by the headers of generated files."""

__version__ = "0.1.0"
