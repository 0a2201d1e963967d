"""Expression to text, a file a dialect. Nothing here knows a network, a layer or a document."""
