"""Ratios of times, all measured in one run: ``python -m benchmarks``."""
