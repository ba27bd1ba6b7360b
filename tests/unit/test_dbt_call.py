"""What a failed call of dbt says to the person who must act."""

from __future__ import annotations

from types import SimpleNamespace as Plain

from assets.dbt import error_of


def test_a_broken_model_is_named_in_one_line_and_the_others_under_it():
    results = [
        Plain(node=Plain(name="dim_area"), status="success", message="OK"),
        Plain(node=Plain(name="dim_skill"), status="error", message="Catalog Error:\n  no such table"),
        Plain(node=Plain(name="fct_vacancies"), status="fail", message="Got 3 results"),
        Plain(node=Plain(name="fct_wages"), status="skipped", message=None),
    ]
    error = error_of(Plain(exception=None, result=Plain(results=results)))
    assert (str(error), error.detail) == ("dbt: dim_skill: Catalog Error: no such table", "fct_vacancies: Got 3 results")


def test_a_call_that_never_began_says_why():
    error = error_of(Plain(exception=RuntimeError("\nRuntime Error\n  no profile of this name"), result=None))
    assert (str(error), "no profile" in error.detail) == ("dbt: Runtime Error no profile of this name", True)
