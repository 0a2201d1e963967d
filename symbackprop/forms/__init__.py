"""The forms of a derivative as views of a System: chain, delta, closed, paths, matrix, and the steps between them."""
