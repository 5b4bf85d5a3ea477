"""Whether Pulumi's engine would find nothing to do, from what its state and the cluster hold.

It is asked for a quarter of a minute otherwise, for a hundred services. The program runs as for the engine, and gets
what the engine would answer where nothing changes: the outputs in the state. What it then asks for is held against
the state as the engine and its Kubernetes provider would. Whatever is not known here is a doubt, and in doubt the
engine runs: another value, option, setting or kind of resource, a state that is not plain or not at rest, an object
that is not as the state says.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy import state_file, wire
from flyball.deploy.asked import Live
from flyball.deploy.at_creation import without
from flyball.deploy.engine import Engine
from flyball.deploy.job_status import COMPLETE, ended
from flyball.deploy.manifests import Object, is_object
from flyball.deploy.owned import is_as_stated
from flyball.deploy.program import Cloud, Request, requests
from flyball.deploy.pulumi_cli import environment, telling
from flyball.documents import read_yaml
from flyball.errors import FlyballError
from flyball.stack.configuration import already_read
from flyball.stack.read import Stack
from flyball.stack.schema import PROJECT, encrypted
from flyball.stack.target import Target

Resource = Mapping[str, Any]
"""One in the state."""
_PROVIDER = "pulumi:providers:kubernetes"
_ENVIRONMENT = {
    *("PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"),
    *("PULUMI_PARALLEL", "PULUMI_SKIP_UPDATE_CHECK", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"),
}
"""Variables of the CLI's that change nothing in what an update comes to; `PULUMI_OPTION_REFRESH` does, for one."""
_PROJECT_KEYS = {"name", "description", "author", "website", "license", "runtime", "main", "stackConfigDir"}
_FILE_KEYS = {"config", "encryptionsalt"}
_SAME = {"urn", "type", "custom", "parent", "inputs", "dependencies", "provider", "propertyDependencies"} | {
    *("retainOnDelete", "ignoreChanges", "customTimeouts"),
}
"""What a state notes of a request."""
_OWN = {"id", "outputs", "created", "modified"}
"""What it notes beside."""
_NOTED = _SAME - {"urn", "inputs"} | {"name", "object"}
"""Fields of a request that the state notes."""
_WITHOUT_TRACE = {"acceptSecrets", "acceptResources", "supportsPartialValues", "supportsResultReporting", "version"} | {
    *("providers", "aliases", "aliasSpecs", "deleteBeforeReplace", "deleteBeforeReplaceDefined"),
}
"""Fields that change nothing of a resource that is in the state by its own name, with the provider that it names."""
_IF_EMPTY = {"hooks", "stackTrace"}
_INTERNAL = "__internal"
"""Input of a provider's, by the engine."""
_INPUTS, _MANAGER = "__inputs", "__fieldManager"
"""Outputs by the Kubernetes provider: what made an object, and by whose name."""


class _DoubtError(FlyballError):
    """Only the engine can say."""


def count(engine: Engine, target: Target, stack: Stack | None, live: Live) -> int | None:
    """How many resources there are, where the engine would change none of them; None where it is to say.

    `stack` is the target's, where it was read already, and `live` what the cluster holds of its objects.
    """
    env = environment(engine)
    state = state_file.folder(env)
    if state is None or not _as_usual(env, target):
        return None
    resources = state_file.plain(state, target.name)
    if not resources:
        return None
    with already_read(stack), telling(target.file, target.context):
        try:
            asked = requests(target.project, target.name, target.config, Answers(resources))
            return len(resources) if is_same(resources, asked) and is_there(resources, live) else None
        except Exception:  # the program may raise anything, and the engine's run says it; or a shape is not known here
            return None


def _as_usual(env: Mapping[str, str], target: Target) -> bool:
    """Whether nothing is set that this module does not know."""
    options = {name for name in env if name.startswith("PULUMI_")} - _ENVIRONMENT
    project, file = read_yaml(target.project / "Pulumi.yaml"), read_yaml(target.file)
    return (
        not options
        and not encrypted(target.config)
        and project.keys() <= _PROJECT_KEYS
        and file.keys() <= _FILE_KEYS
        and all(str(key).startswith(f"{PROJECT}:") for key in file["config"])
    )


class Answers(Cloud):
    """Those of an engine that changes nothing: what the state has of a resource."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = {(r.get("parent", ""), r["type"], _name(r["urn"])): r for r in resources}

    def made(self, request: Any) -> tuple[str, Any] | None:
        there = self._resources.get((request.parent, request.type, request.name))
        return (there["id"], there.get("outputs", {})) if there else None


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def is_same(resources: Collection[Resource], asked: Iterable[Request]) -> bool:
    """Whether a program asks for what the state has, all of it and in the same words, and all of it has settled."""
    there = {each["urn"]: each for each in resources}
    wanted = {each.urn: each for each in asked}
    if len(there) < len(resources) or there.keys() != wanted.keys():  # what is replaced is there once more
        return False
    return all(_is_same(there[urn], each) for urn, each in wanted.items())


def _is_same(there: Resource, asked: Request) -> bool:
    if not there.keys() <= _SAME | _OWN:
        return False
    noted = {key: value for key, value in there.items() if key in _SAME}
    ignored = there.get("ignoreChanges", ())
    expected = _expected(asked)
    for path in ignored:  # the engine takes what is in the state instead
        noted["inputs"], expected["inputs"] = (without(each["inputs"], path.split(".")) for each in (noted, expected))
    return _text(_sorted(noted)) == _text(_sorted(expected)) and _has_settled(there, asked, ignored)


def _expected(asked: Request) -> dict[str, Any]:
    """What the state would note of a request."""
    request = asked.request
    fields = {field.name: value for field, value in request.ListFields()}
    empty = {name for name in _IF_EMPTY & fields.keys() if not fields[name].ByteSize()}
    inputs = wire.read(request.object)
    if fields.keys() - _NOTED - _WITHOUT_TRACE - empty or inputs is wire.NOTHING:
        raise _DoubtError
    if request.type == _PROVIDER:
        inputs = {**inputs, "version": request.version, _INTERNAL: {}}
    noted = {key: fields[key] for key in ("type", "parent", "provider", "retainOnDelete") if key in fields}
    noted |= {key: list(fields[key]) for key in ("dependencies", "ignoreChanges") if key in fields}
    if properties := {key: list(each.urns) for key, each in request.propertyDependencies.items()}:
        noted["propertyDependencies"] = properties
    if "customTimeouts" in fields:
        noted["customTimeouts"] = {key.name: _seconds(text) for key, text in request.customTimeouts.ListFields()}
    return {"urn": asked.urn, "custom": request.custom, **noted, **({"inputs": inputs} if inputs else {})}


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def _sorted(noted: Mapping[str, Any]) -> dict[str, Any]:
    """With what a resource depends on in order, where a state has it in any; a refresh leaves out what is empty."""
    properties = {key: sorted(each) for key, each in noted.get("propertyDependencies", {}).items() if each}
    return {**noted, "dependencies": sorted(noted.get("dependencies", ())), "propertyDependencies": properties}


def _text(value: Any) -> str:
    """To compare by: in Python, what is true equals 1."""
    return json.dumps(value, sort_keys=True)


def _has_settled(there: Resource, asked: Request, ignored: Iterable[str]) -> bool:
    """Whether a resource has become what it was asked to be."""
    outputs, inputs = there.get("outputs", {}), there.get("inputs", {})
    if not there["custom"]:
        return _text(outputs) == _text({} if asked.outputs is None else wire.read(asked.outputs))
    if there["type"] == _PROVIDER:
        return _text(outputs) == _text({key: value for key, value in inputs.items() if key != _INTERNAL})
    if not is_object(there["type"], inputs):
        return False
    before = outputs[_INPUTS]  # of what others own by now and is ignored, the provider leaves it out
    for path in ignored:
        before, inputs = (without(each, path.split(".")) for each in (before, inputs))
    return _text(before) == _text(inputs) and _holds(outputs, inputs)


def _holds(outputs: Any, inputs: Any) -> bool:
    """Whether an object, as the server had it at last, is as it was asked to be; the server may have added to it."""
    if isinstance(inputs, Mapping):
        return isinstance(outputs, Mapping) and all(
            key in outputs and _holds(outputs[key], inner) for key, inner in inputs.items()
        )
    if isinstance(inputs, list):
        if not isinstance(outputs, list) or len(outputs) < len(inputs):
            return False
        return all(map(_holds, outputs, inputs))
    return type(outputs) is type(inputs) and outputs == inputs


def is_there(resources: Iterable[Resource], live: Live) -> bool:
    """Whether the cluster holds the objects of the state, the very ones, and as they were applied."""
    return all(_is_there(each, live) for each in resources if is_object(each["type"], each.get("inputs", {})))


def _is_there(resource: Resource, live: Live) -> bool:
    manifest, outputs = resource["inputs"], resource["outputs"]
    there = live.get(Object(manifest, ()).key)
    if there is None:
        return "ttlSecondsAfterFinished" in manifest.get("spec", {})  # a Job that goes by itself
    meta = there["metadata"]
    if meta["uid"] != outputs["metadata"]["uid"] or "deletionTimestamp" in meta:
        return False
    if wellknown.REPLACE_UNREADY in meta.get("annotations", {}) and ended(there) != COMPLETE:
        return False
    return is_as_stated(manifest, there, outputs[_MANAGER], resource.get("ignoreChanges", ()))
