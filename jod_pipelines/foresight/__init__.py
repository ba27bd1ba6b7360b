"""What a run foresees beside vacancies: read from the warehouse, worked out by pure functions, kept for dbt."""
