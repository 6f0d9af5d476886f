"""``python -m workbench`` is the command ``workbench``, of the Python that runs it."""

from __future__ import annotations

from workbench.cli import main

if __name__ == "__main__":
    main()
