"""What one backend's own files say."""
