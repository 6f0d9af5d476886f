"""`CITATION.cff` says what the schema 1.2.0 of the Citation File Format allows, and is true."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import workbench as wb

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# The keys of the schema that a software has use for, and of an author who is not a person.
KEYS = {
    "abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi",
    "identifiers", "keywords", "license", "license-url", "message", "preferred-citation",
    "references", "repository", "repository-artifact", "repository-code", "title", "type", "url",
    "version",
}  # fmt: skip
ENTITY = {"name", "address", "alias", "city", "country", "email", "orcid", "region", "website"}
PERSON = {"given-names", "family-names", "name-particle", "name-suffix", "affiliation", *ENTITY}


@pytest.fixture
def told() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_it_has_the_keys_of_the_schema_and_those_it_must_have(told: dict[str, Any]):
    assert {"authors", "cff-version", "message", "title"} <= set(told) <= KEYS
    assert told["cff-version"] == "1.2.0"
    assert told["type"] in {"software", "dataset"}
    for name, value in told.items():
        if name not in {"authors", "keywords"}:
            assert isinstance(value, str), f"{name} is read as {type(value).__name__}"
            assert value
    assert told["authors"]
    for author in told["authors"]:
        assert set(author) <= (ENTITY if "name" in author else PERSON)
        assert author.get("name") or author.get("family-names")
    assert urlsplit(told["repository-code"]).scheme == "https"


def test_it_says_what_the_package_says(told: dict[str, Any]):
    assert told["version"] == wb.__version__
    assert told["license"] == PROJECT["license"]
    assert told["keywords"] == PROJECT["keywords"]
    assert len(set(told["keywords"])) == len(told["keywords"])
    assert PROJECT["description"].removeprefix("A ") in told["title"]
