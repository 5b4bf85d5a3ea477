"""Every resource of a platform with its exact inputs, one file per case in expected/."""

import pytest
from tests.aws.capture import EXPECTED, capture, cases, of_case, shown
from tests.expected import document

from flyball.stack.file import load


@pytest.mark.parametrize("case", cases())
def test_registers_exactly_this(case: str) -> None:
    assert shown(of_case(case)) == document(EXPECTED / f"{case}.yaml")


def test_every_expectation_has_its_case() -> None:
    assert sorted(file.stem for file in EXPECTED.glob("*.yaml")) == sorted(cases())


@pytest.mark.parametrize("case", cases())
def test_all_of_it_is_made_by_the_one_provider(case: str) -> None:
    (provider,) = (r for r in of_case(case) if r.type == "pulumi:providers:aws")
    for resource in of_case(case):
        if resource.type.startswith("aws:"):
            assert resource.provider.startswith(provider.urn)


@pytest.mark.parametrize("case", cases())
def test_a_first_preview_registers_the_same(case: str) -> None:
    unknown = capture(load(cases()[case]), preview=True)
    assert [r.urn for r in unknown] == [r.urn for r in of_case(case)]
