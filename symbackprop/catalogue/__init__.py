"""What the program knows: activations, losses, penalties, update rules, mistakes: one entry each, no branches."""
