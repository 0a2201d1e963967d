"""Checks: of gradient functions, of update functions, and of what a document prints. They say what is wrong, and which
known mistake explains it."""
