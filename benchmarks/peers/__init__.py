"""What the benchmarks measure against, and the material that all of them are given."""
