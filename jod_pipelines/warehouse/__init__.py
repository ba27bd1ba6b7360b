"""The warehouse: one DuckDB file, built aside and swapped in by rename, so readers never block or see half a build."""
