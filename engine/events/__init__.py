"""Events of studies and searches, the records that they are folded into, and their JSON."""
