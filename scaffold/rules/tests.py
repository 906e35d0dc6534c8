"""Rules about the jobs that test backends."""
