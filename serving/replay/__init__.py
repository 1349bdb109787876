"""Recording answers, and giving them again."""
