"""The components as a Pulumi package, for programs in every language that Pulumi has."""

import inspect
import json
import re
import sys
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from flyball.guards.alerting.receivers import ReceiverArgs
from flyball.guards.alerting.stack import GuardedAlertsArgs
from flyball.guards.reading.problem import Problem, Refused, show
from flyball.guards.timeouts.call_arguments import GuardedCallArgs
from flyball.guards.workload import balancer
from flyball.guards.workload.arguments import GuardedArgs
from flyball.guards.workload.caches import GuardedCacheArgs
from flyball.guards.workload.files import GuardedFilesArgs
from flyball.guards.workload.job_arguments import GuardedJobArgs
from flyball.guards.workload.members import CLASS
from flyball.guards.workload.migration import GuardedMigrateArgs
from flyball.guards.workload.pipeline import PipelineArgs
from flyball.guards.workload.way_in import GuardedExposeArgs
from flyball.kubernetes import Alerts, Cache, Governor, Job, LogPipeline, Services, Workload
from flyball.kubernetes.args import DescribedArgs, PlaceArgs, ServiceArgs, SetCacheArgs, SetJobArgs
from flyball.kubernetes.known import opened
from flyball.kubernetes.program import serve_one_program

NAME = "flyball"
COMPONENTS: list[type[pulumi.ComponentResource]] = [Services, Workload, Job, Cache, Alerts, Governor, LogPipeline]


_SERVICE = (ServiceArgs, PlaceArgs, GuardedArgs)
_INHERITED: dict[str, tuple[type, ...]] = {
    "Service": _SERVICE,
    "Workload": _SERVICE,
    "Job": (SetJobArgs, PlaceArgs, GuardedJobArgs),
    "LogPipeline": (PipelineArgs,),
    "Cache": (SetCacheArgs, PlaceArgs, GuardedCacheArgs),
    "Files": (GuardedFilesArgs,),
    "Migrate": (GuardedMigrateArgs,),
    "Call": (GuardedCallArgs,),
    "Expose": (GuardedExposeArgs,),
    "Balancer": (balancer.GuardedBalancerArgs,),
    "Services": (DescribedArgs,),
    "Alerts": (GuardedAlertsArgs, DescribedArgs),
    "Watchdog": (ReceiverArgs,),
}
"""What the arguments of a component or a part of it extend."""
_UNNAMEABLE = {
    ("Data", "class"): CLASS,
    ("Balancer", "class"): balancer.CLASS,
    ("BalancerWay", "class"): balancer.WAY_CLASS,
}
"""Descriptions of what no class in Python can have as an attribute to describe."""
_SMTP = f"{NAME}:index:SmtpArgs"
_TAKES_MAIL = {
    "": "Who takes e-mail.",
    "server": "host:port; required where anybody gets any.",
    "from": "Address that it comes from; required where anybody gets any.",
    "username": "Who logs in [nobody].",
    "passwordFile": "File with the password [none].",
    "tls": "Whether TLS is required [true].",
}
"""Of a TypedDict that no class statement can make, since `from` is a word of Python's, and so without texts."""


class Package(ComponentProvider):
    """Infers the package's schema from the components' own types, and builds them for other languages."""

    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, version=version(NAME))
        self.schema = json.dumps(self._described(json.loads(self.schema or "{}")))

    def _described(self, schema: dict[str, Any]) -> dict[str, Any]:
        """With the descriptions of inherited arguments, which the SDK's analyzer looks for in the last class only."""
        for token, component in schema["resources"].items():
            component["description"] = inspect.cleandoc(component["description"])
            self._describe(token, component["inputProperties"])
        for token, found in schema["types"].items():
            if token == _SMTP:
                found["description"] = inspect.cleandoc(_TAKES_MAIL[""])
            self._describe(token, found["properties"])
        return schema

    def _describe(self, token: str, properties: dict[str, Any]) -> None:
        word = token.rpartition(":")[2].removesuffix("Args").removeprefix("Set")
        for name, argument in properties.items():
            texts = [self.analyzer.get_docstring(each, _in_python(name)) for each in _INHERITED.get(word, ())]
            texts += [_TAKES_MAIL.get(name) if token == _SMTP else None, _UNNAMEABLE.get((word, name))]
            found = argument.get("description") or next(filter(None, texts), None)
            properties[name] = {**argument, **({"description": inspect.cleandoc(found)} if found else {})}

    def map_inputs(self, inputs: Any, component_def: Any) -> Any:
        """By their names in Python, and else as they are. What is missing, unknown or of a wrong type the components
        say, all at once; the SDK stops at the first, and takes no Output for a number or a map."""
        given = {key: opened(value) for key, value in inputs.items() if not key.startswith("__")}
        return self._renamed(given, component_def.inputs, component_def.inputs_mapping)

    def _renamed(self, given: dict[str, Any], properties: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
        return {names.get(key, key): self._within(value, properties.get(key)) for key, value in given.items()}

    def _within(self, value: Any, described: Any) -> Any:
        """A value with the names in it as they are in Python, by what describes it."""
        if isinstance(value, list) and described and described.items:
            return [self._within(inner, described.items) for inner in value]
        if not isinstance(value, dict) or not described:
            return value
        if described.additional_properties:
            return {key: self._within(inner, described.additional_properties) for key, inner in value.items()}
        found = self.get_type_definition(described) if described.ref else None
        return self._renamed(value, found.properties, found.properties_mapping) if found else value

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """As the SDK does it; arguments that are refused come out as such, and not as a crash of the package."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if not isinstance(error.inner, Refused):
                raise
            problems = [_refused(problem, name) for problem in error.inner.problems]
        raise InputPropertiesError(f"{name} is refused, and nothing of it was created", problems)


def _in_python(name: str) -> str:
    """`webhookFile` -> `webhook_file`."""
    return re.sub("(?=[A-Z])", "_", name).lower()


def _refused(problem: Problem, name: str) -> Any:
    """The problem in the engine's words: the path below the component, and all the rest."""
    path = problem.path[1:] if problem.path[:1] == (name,) else problem.path
    return {"property_path": show(path), "reason": str(replace(problem, path=()))}


def serve() -> None:
    """Answer the engine, on loopback, until it ends this process."""
    serve_one_program()
    main(Package(), sys.argv[1:])
