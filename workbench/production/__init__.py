"""Notebooks as jobs: typed parameters in, files and a receipt out."""
