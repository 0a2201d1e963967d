"""What the program knows: activations, losses, penalties, update rules, mistakes. One entry each, and no branch on a name."""
