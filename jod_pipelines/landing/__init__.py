"""The raw archive: write once, read back, know what changed."""
