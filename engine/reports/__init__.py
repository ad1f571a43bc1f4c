"""Results as values: scores, aggregates, audits, statistics, explanations."""
