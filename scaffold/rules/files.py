"""Rules about the files of a backend's own directory and its Dockerfile."""
