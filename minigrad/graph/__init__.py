"""What looks at a recorded graph instead of running it: formulas, the table of operations, pictures."""
