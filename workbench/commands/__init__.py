"""Groups of commands; `workbench.cli` puts them together."""
