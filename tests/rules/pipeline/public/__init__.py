"""Small workflows after public reports, in other spellings than the pages of the rules."""
