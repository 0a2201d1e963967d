"""Other libraries' networks and their automatic derivatives. Loads such a library only when one of its things comes."""
