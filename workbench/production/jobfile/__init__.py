"""A file of jobs: a row for each, in CSV, YAML, JSON or JSON lines; every mistake of it at once.

Rows are typed by their notebooks' parameters, so that ``007`` stays a text where a text is wanted.
"""

from workbench.production.jobfile.reading import read_jobs
from workbench.production.jobfile.rows import JobFile, Mistake, Row

__all__ = ["JobFile", "Mistake", "Row", "read_jobs"]
