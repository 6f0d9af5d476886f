"""Many jobs: planned, estimated, done, tried again, reported."""
