"""What is guarded is not left behind."""

from flyball.deploy.unguard import check_left

LIMITS = "flyball-limits"


def test_a_stack_that_its_engine_made_stays_in_its_namespace() -> None:
    made = {("ConfigMap", "shop", LIMITS), ("Deployment", "shop", "web"), ("Namespace", "", "shop")}
    assert list(check_left(made, "shop")) == []
    [problem] = check_left(made, "store")
    assert str(problem) == (
        "namespace: is store, and the services that Pulumi's engine has made in shop are guarded there; bring it up as"
        " a stack of another name, then take this one down; or take this one down first"
    )


def test_what_has_no_limits_may_move() -> None:
    assert list(check_left({("Deployment", "shop", "web"), ("ConfigMap", "shop", "web-proxy-1")}, "store")) == []
