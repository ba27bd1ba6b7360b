"""Opportunities: clusters of postings and of programmes by skills, with ids that last, profiles and words."""

from jod_pipelines.opportunities.clustering import cluster

__all__ = ["cluster"]
