"""A derivation as a document: what it says (`outline`), and the ways to write it: text, Markdown, LaTeX."""
