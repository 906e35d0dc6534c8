"""What one backend's own files say: `directory` composes it, each other module reads one kind of text."""
