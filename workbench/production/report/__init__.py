"""The report of a batch: one page and one JSON file that say what became of every job."""

from __future__ import annotations

from workbench.production.report.row import Row, rows_of
from workbench.production.report.summary import summary_html
from workbench.production.report.totals import Totals
from workbench.production.report.write import SCHEMA, rewrite_report, write_report

__all__ = [
    "SCHEMA",
    "Row",
    "Totals",
    "rewrite_report",
    "rows_of",
    "summary_html",
    "write_report",
]
