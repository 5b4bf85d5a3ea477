"""`Services` in a team's own program: what the stack file gives, its words where it refuses, and references."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.programs import (
    SERVICE,
    Objects,
    arguments,
    config_lines,
    objects,
    registered,
    replica_limits,
    unsigned,
)

from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import LogPipeline, LogPipelineArgs, Services, ServicesArgs, Workload
from flyball.stack.file import load, stack_file
from flyball.stack.read import read

ROOT = Path(__file__).parents[2]


def services(**by_name: dict[str, Any]) -> ServicesArgs:
    return {"services": {name: {**SERVICE, **more} for name, more in by_name.items()}}  # pyright: ignore[reportReturnType]


def refused(*programs: Any) -> list[str]:
    """The problems, one line each, of a program that does these things in order."""

    def program() -> None:
        for do in programs:
            do()

    with pytest.raises(Refused) as error:
        registered(program)
    return str(error.value).splitlines()


def front(**call: Any) -> Any:
    return lambda: Workload("front", arguments(public=True, calls={"cart": call}))


def cart(**more: Any) -> Any:
    return lambda: Workload("cart", arguments(**more))


OF_THE_ENVIRONMENT = ("kubernetes:core/v1:Namespace shop", "kubernetes:monitoring.coreos.com/")
"""Not the team's: its namespace, and who hears of alerts."""


def of_a_team(stack: str) -> dict[str, Any]:
    """The stack file without pools, which are the platform's, and no team's."""
    return {key: value for key, value in load(stack_file(stack, ROOT)).items() if key != "pools"}


def shop(stack: str) -> ServicesArgs:
    """The arguments of the stack file as a team would write them in its program, with its defaults in each service."""
    config, found = load(stack_file(stack, ROOT)), read(load(stack_file(stack, ROOT)))
    where = {key: config[key] for key in ("namespace", "environment", "owner", "governor") if key in config}
    where |= {"zones": list(found.zones), **({"platform": {"name": "eks"}} if found.base else {})}
    given = {name: dict(service.given) for name, service in found.services.items()}
    return ServicesArgs(services=json.loads(json.dumps(given)), **where)


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_the_shop_as_a_team_s_program_gives_the_objects_of_the_stack_file(stack: str) -> None:
    config = of_a_team(stack)
    by_file = {
        f"{r.type} {r.inputs['metadata']['name']}": unsigned(r.inputs)
        for r in run_program(ROOT, stack, config)
        if kind(r)
    }

    def program() -> None:
        Services("shop", shop(stack))
        if args := pipeline(config):
            LogPipeline("logs", LogPipelineArgs(**args))

    by_team = {f"{r.type} {r.inputs['metadata']['name']}": r.inputs for r in registered(program) if kind(r)}
    expected = {name: inputs for name, inputs in by_file.items() if not name.startswith(OF_THE_ENVIRONMENT)}
    assert list(by_team) == list(expected)
    # One by one: to tell where two long texts differ would take minutes.
    assert [name for name in expected if json.dumps(by_team[name]) != json.dumps(expected[name])] == []


def pipeline(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of a LogPipeline that does what the stack file says of its logs; None where they stay."""
    args = {**config["logs"], **{key: config[key] for key in ("environment", "owner")}}
    args |= {"platform": {"name": "eks"}} if "platform" in config else {}
    return None if args["to"] == "none" else args


def kind(resource: Any) -> bool:
    return resource.type.startswith("kubernetes:")


class TestRefusedInTheWordsOfTheStackFile:
    TIMEOUT = "calls.cart.timeout: 500ms is less than cart's deadline of 5s (front -> cart)"
    REMEDY = "; raise it, or lower cart's deadline"

    def test_a_timeout_below_the_deadline(self) -> None:
        args = services(front={"calls": {"cart": {"timeout": "500ms"}}}, cart={"deadline": "5s"})
        assert refused(lambda: Services("shop", args)) == [f"shop.services.front.{self.TIMEOUT}{self.REMEDY}"]

    @pytest.mark.parametrize(
        ("calls", "said"),
        [
            ({"crt": {}}, "calls.crt: is no service of this stack; did you mean 'cart'?"),
            ({"cart": {"host": "a.example", "port": 1}}, "calls.cart.host: hides the service cart;"),
            ({"cart": {"service": {"name": "x", "port": 1}}}, "calls.cart.service: hides the service cart;"),
            ({"cart": {"target": 80}}, "calls.cart.target: is 80, and the pods of cart listen on 21000; leave it out"),
            ({"cart": {"protocol": "grpc"}}, "calls.cart.protocol: is grpc, and cart speaks http; leave it out"),
        ],
    )
    def test_rules_of_the_set(self, calls: dict[str, Any], said: str) -> None:
        args = services(front={"calls": calls}, cart={"deadline": "500ms"})
        [problem] = refused(lambda: Services("shop", args))
        assert problem.startswith(f"shop.services.front.{said}")

    def test_a_caller_of_the_set_that_makes_no_call(self) -> None:
        args = services(front={}, cart={"callers": ["front", "elsewhere"]})
        assert refused(lambda: Services("shop", args)) == [
            "shop.services.cart.callers[0]: front is a service of this stack, and does not call cart;"
            " remove it, or declare the call"
        ]

    def test_tcp_carries_whatever_the_callee_speaks(self) -> None:
        args = services(front={"calls": {"cart": {"protocol": "tcp"}}}, cart={"deadline": "1s"})
        assert "Deployment front" in objects(lambda: Services("shop", args))

    def test_nothing_is_registered_and_everything_is_said(self) -> None:
        args: Any = {**services(front={"port": 0}, cart={"image": "cart"}), "namespace": "No", "zone": ["a"]}
        found: list[str] = []

        def program() -> None:
            with pytest.raises(Refused) as error:
                Services("shop", args)
            found.extend(problem.where for problem in error.value.problems)

        assert registered(program) == []
        assert found == [
            "shop.zone",
            "shop.namespace",
            "shop.services.front.port",
            "shop.services.cart.image",
        ]

    def test_a_set_without_a_service(self) -> None:
        assert refused(lambda: Services("shop", {"services": {}})) == [
            "shop.services: there is no service, job or cache; name at least one"
        ]


class TestReferences:
    """A set of one team calls a service of another's."""

    @staticmethod
    def there(**more: Any) -> Services:
        args = services(cart={"port": 80, "deadline": "300ms", "callers": ["trade/front"], **more})
        return Services("shop", {**args, "namespace": "shop"})

    @staticmethod
    def here(service: Any, **call: Any) -> Services:
        args = services(front={"public": True, "calls": {"basket": {"service": service, "timeout": "300ms", **call}}})
        return Services("trade", {**args, "namespace": "trade"})

    def test_says_all_that_a_caller_needs(self) -> None:
        found: list[Any] = []
        registered(lambda: found.append(self.there().reference("cart")))
        assert found == [
            {
                "name": "cart",
                "namespace": "shop",
                "port": 80,
                "target": 21_000,
                "protocol": "http",
                "deadline": "300ms",
            }
        ]

    def test_lets_exactly_this_call_through(self) -> None:
        found = objects(lambda: self.here(self.there().reference("cart")))
        assert self.allowed(found) == (
            [pods("trade", "front")],
            [{"protocol": "TCP", "port": 21_000}],
            [pods("shop", "cart")],
            [{"protocol": "TCP", "port": 21_000}],
        )
        [text] = [o["data"]["haproxy.cfg"] for name, o in found.items() if name.startswith("ConfigMap front-proxy")]
        assert any("cart.shop.svc.cluster.local:80" in line for line in config_lines(text)["backend to.basket"])

    @staticmethod
    def allowed(found: Objects) -> tuple[Any, ...]:
        into = found["NetworkPolicy cart"]["spec"]["ingress"][-1]
        out = found["NetworkPolicy front"]["spec"]["egress"][-1]
        return into["from"], into["ports"], out["to"], out["ports"]

    def test_comes_out_of_another_stack_as_an_output(self) -> None:
        outputs: list[Any] = []
        found = registered(lambda: outputs.append(self.there().services))
        [component] = [r for r in found if r.type == "flyball:index:Services"]
        assert component.outputs is not None
        reference = component.outputs["services"]["cart"]["reference"]
        assert "Deployment front" in objects(lambda: self.here(reference))

    def test_a_timeout_below_its_deadline(self) -> None:
        reference = {"name": "cart", "namespace": "shop", "port": 80, "deadline": "2s"}
        assert refused(lambda: self.here(reference)) == [
            "trade.services.front.calls.basket.timeout: 300ms is less than basket's deadline of 2s (front -> basket);"
            " raise it, or lower basket's deadline"
        ]

    def test_one_that_is_out_of_date_and_nobody_let_in(self) -> None:
        reference = {
            "name": "cart",
            "namespace": "shop",
            "port": 81,
            "target": 1,
            "protocol": "grpc",
            "deadline": "1ms",
        }
        found = refused(lambda: self.there(callers=[]), lambda: self.here(reference))
        at = "trade.services.front.calls.basket.service"
        assert found == [
            f"{at}.port: is 81, and cart listens on 80; give 80",
            f"{at}.target: is 1, and the pods of cart listen on 21000; give 21000",
            f"{at}.protocol: is grpc, and cart speaks http; give http",
            f"{at}.deadline: is 1ms, and cart promises 300ms; give 300ms",
            "shop.services.cart.callers: trade/front calls cart, which would not let it in;"
            " add trade/front to its callers, or put both into one Services, which finds out by itself",
        ]

    def test_a_circle_through_another_set(self) -> None:
        back = {
            "front": {
                "service": {"name": "front", "namespace": "trade", "port": 8080},
                "timeout": "100ms",
                "connect": "50ms",
            }
        }
        reference = {"name": "cart", "namespace": "shop", "port": 80}
        found = refused(lambda: self.there(calls=back), lambda: self.here(reference))
        assert "shop.services.cart.calls.front: the calls go round in a circle: cart -> front -> cart;" in found[0]


def pods(namespace: str, name: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
    }


class TestPortOfTheService:
    """Another one than the application's: callers dial it, and policies speak of the port of the pods behind it."""

    ARGS = services(front={"calls": {"cart": {"names": ["cart"]}}}, cart={"deadline": "1s", "service": 80})

    def test_callers_dial_it(self) -> None:
        found = objects(lambda: Services("shop", self.ARGS))
        [config] = [each for name, each in found.items() if name.startswith("ConfigMap front-proxy")]
        lines = config["data"]["haproxy.cfg"].splitlines()
        assert {line.split()[2] for line in lines if " s1 " in line} == {"cart.default.svc.cluster.local:80"}
        assert {line.split()[1] for line in lines if "bind 127" in line} >= {"127.0.0.2:80"}
        to_cart = {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cart"}}}]}
        assert {**to_cart, "ports": [{"protocol": "TCP", "port": 21_000}]} in found["NetworkPolicy front"]["spec"][
            "egress"
        ]
        [port] = found["Service cart"]["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (80, 21_000)

    def test_others_are_told(self) -> None:
        [component] = [r for r in registered(lambda: Services("shop", self.ARGS)) if r.type == "flyball:index:Services"]
        assert component.outputs
        cart = component.outputs["services"]["cart"]
        assert (cart["address"], cart["reference"]["port"], cart["reference"]["target"]) == (
            "cart.default:80",
            80,
            21_000,
        )

    def test_of_a_reference_that_says_another_one(self) -> None:
        reference = {"name": "cart", "port": 8080, "deadline": "1s"}
        assert refused(cart(service=80, deadline="1s", callers=["front"]), front(service=reference)) == [
            "front.calls.cart.service.port: is 8080, and cart listens on 80; give 80"
        ]


class TestOutputsAndGovernor:
    ARGS = services(front={"calls": {"cart": {}}}, cart={"deadline": "1s", "zones": []})

    def test_outputs(self) -> None:
        args = services(web={"load": {"peak": 100, "replica": 20}})
        [component] = [r for r in registered(lambda: Services("shop", args)) if r.type == "flyball:index:Services"]
        assert component.outputs == {
            "services": {
                "web": {
                    "address": "web.default:8080",
                    "need": 7,
                    "floor": 8,
                    "ceiling": 12,
                    "target": 70,
                    "reference": {
                        "name": "web",
                        "namespace": "default",
                        "port": 8080,
                        "target": 21_000,
                        "protocol": "http",
                        "deadline": "2s",
                    },
                }
            },
            "limits": {"web": replica_limits(8, 12)},
            "balancers": {},
        }

    def test_limits_stand_before_the_services_do(self) -> None:
        """Else a higher maximum would be held against the ceiling of before."""
        args: ServicesArgs = {**services(web={}), "governor": {"policies": False}}
        found = registered(lambda: Services("shop", args))
        [limits] = [r.urn for r in found if r.urn.endswith("flyball-limits")]
        [workload] = [r for r in found if r.type == "flyball:index:Workload"]
        assert limits in workload.after
        assert (
            "floor 8 | ceiling 12 |"
            in objects(lambda: Services("shop", args))["ConfigMap flyball-limits"]["data"]["limits"]
        )

    @pytest.mark.parametrize("governor", [None, {"enabled": False}])
    def test_without_a_governor_there_are_none(self, governor: Any) -> None:
        args: Any = {**services(web={}), **({"governor": governor} if governor else {})}
        assert "ConfigMap flyball-limits" not in objects(lambda: Services("shop", args))

    def test_one_priority_for_all_unless_one_is_named(self) -> None:
        def priorities(**more: Any) -> tuple[list[str], set[str]]:
            args: Any = {**services(a={}, b={"priority": "own"}), **more}
            found = objects(lambda: Services("shop", args))
            used = {found[f"Deployment {n}"]["spec"]["template"]["spec"]["priorityClassName"] for n in ("a", "b")}
            return [name for name in found if name.startswith("PriorityClass")], used

        assert priorities(namespace="shop") == (["PriorityClass flyball-shop"], {"flyball-shop", "own"})
        assert priorities(priority="high") == ([], {"high", "own"})

    def test_two_sets_may_have_services_of_the_same_name(self) -> None:
        found = registered(
            lambda: [Services(name, {**services(web={}), "namespace": name}) for name in ("shop", "trade")]
        )
        assert sorted(r.name for r in found if r.type == "flyball:index:Workload") == ["shop-web", "trade-web"]

    def test_services_that_were_workloads_without_a_set_keep_their_state(self, monkeypatch: Any) -> None:
        from flyball.deploy.program import _Monitor

        aliases: dict[str, list[str]] = {}
        register = _Monitor.RegisterResource

        def noted(self: Any, request: Any) -> Any:
            aliases[f"{request.type} {request.name}"] = [
                f"{alias.spec.name} without a parent" for alias in request.aliases if alias.spec.noParent
            ]
            return register(self, request)

        monkeypatch.setattr(_Monitor, "RegisterResource", noted)
        registered(lambda: Services("shop", {**services(web={}), "namespace": "trade", "governor": {}}))
        assert {name: before for name, before in aliases.items() if before} == {
            "flyball:index:Workload shop-web": ["web without a parent"],
            "kubernetes:scheduling.k8s.io/v1:PriorityClass shop-priority": ["trade without a parent"],
            "flyball:index:Governor shop-governor": ["governor without a parent"],
        }
