"""Results: tables, confusion matrices and what follows from them."""
