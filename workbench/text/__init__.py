"""Text before it is spoken: written out, cut into pieces, respelt."""
