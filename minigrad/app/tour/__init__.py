"""The tour: three networks trained, checked against the textbook line by line, and shown on a page."""
