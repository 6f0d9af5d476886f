"""Where bytes lie: atomic writing, and the cache of takes."""
