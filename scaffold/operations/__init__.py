"""What the commands do: each builds one ChangeSet or one report."""
