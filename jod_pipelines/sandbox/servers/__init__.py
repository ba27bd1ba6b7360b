"""Servers that speak the sources' real wire formats over any catalogue of documents."""
