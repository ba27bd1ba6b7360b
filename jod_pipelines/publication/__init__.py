"""Releases: whole, checked, immutable, described; the pointer moves last."""
