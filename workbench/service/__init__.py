"""The service: files by id, jobs with a state, and what can be done, here or by a server."""
