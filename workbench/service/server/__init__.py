"""The server: the old wire and its successors, over the work of `workbench.service`."""
