"""What is exported: a record, and what lies beside it in the runs folder."""
