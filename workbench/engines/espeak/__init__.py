"""espeak-ng. The worker process is a Python without numpy, so nothing is imported here."""
