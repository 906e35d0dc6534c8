"""Small workflows after public reports, each with the repair in which the report ended."""
