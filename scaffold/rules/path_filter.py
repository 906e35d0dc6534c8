"""Rules about the path filter, which decides which CI jobs a change starts."""
