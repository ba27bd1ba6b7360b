"""Data contracts: what every table promises, and the checks, schemas and pages made from it."""
