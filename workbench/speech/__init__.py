"""From a script to speech."""
