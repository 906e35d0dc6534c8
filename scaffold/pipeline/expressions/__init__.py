"""GitHub's `${{ }}` language: a parser, and an evaluator that knows what it does not know."""
