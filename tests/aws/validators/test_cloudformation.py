"""No error of cfn-lint in what is captured, and no captured type that nobody looks at."""

from dataclasses import replace

import pytest
from tests.aws.capture import by_title, cases, of_case
from tests.aws.validators import cloudformation
from tests.aws.validators.template import MAPPING, Unmapped, template


@pytest.mark.parametrize("case", cases())
def test_cfn_lint_has_no_error(case: str) -> None:
    assert cloudformation.problems(by_title(of_case(case))) == {}


def test_a_type_that_is_not_mapped_is_an_error() -> None:
    resource = replace(of_case("given-network")[0], type="aws:ec2/unheardOf:UnheardOf")
    with pytest.raises(Unmapped, match="UnheardOf"):
        template({"odd": resource})


def test_what_is_not_mapped_has_a_reason_and_is_there() -> None:
    captured = {resource.type for case in cases() for resource in of_case(case)}
    assert not set(MAPPING["none"]) & set(MAPPING["types"])
    assert [kind for kind, reason in MAPPING["none"].items() if kind not in captured or len(reason) < 20] == []
