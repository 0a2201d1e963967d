"""The commands of the command line, a file each. They read, call and print; they derive and compute nothing."""
