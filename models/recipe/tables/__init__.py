"""Facts and word lists, all written for this recipe."""
