"""A stack file from manifests: what it says, what it guesses, what it loses; and that a plan accepts it.

One file of manifests per case in cases/, and beside it the whole stack file. A new case adds two files and no code.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flyball.deploy.adopt.adopt import Adopted, adopt
from flyball.deploy.adopt.found import in_files
from flyball.deploy.as_yaml import to_yaml
from flyball.deploy.manifests import Object, rendered
from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.stack.file import load
from flyball.stack.read import examine

PROJECT = Path(__file__).parents[3]
CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
STACKS = ("local", "dev", "prod")
KEPT = ("init", "sidecars", "scratch", "files", "shutdown")


def filled(adopted: Adopted, folder: Path) -> dict[str, Any]:
    """The configuration with its questions answered, as it is read from a file."""
    file = folder / "Pulumi.adopted.yaml"
    text = adopted.text.replace("peak: '?'", "peak: 10").replace("replica: '?'", "replica: 20")
    file.write_text(text, encoding="utf-8")
    return load(file)


def objects(config: dict[str, Any]) -> tuple[Object, ...]:
    """What a configuration comes to."""
    return rendered(run_program(PROJECT, "adopted", config)).objects


def written(folder: Path, made: tuple[Object, ...]) -> Path:
    """A file of manifests."""
    file = folder / "rendered.yaml"
    file.write_text("---\n".join(to_yaml(o.manifest) for o in made), encoding="utf-8")
    return file


def again(config: dict[str, Any], folder: Path) -> Adopted:
    """What is adopted of what a configuration comes to."""
    folder.mkdir(exist_ok=True)
    return adopt(in_files(written(folder, objects(config)), config["namespace"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
class TestCases:
    def test_is_this_stack_file(self, case: Path) -> None:
        assert adopt(in_files(case)).text == case.with_suffix(".stack").read_text(encoding="utf-8")

    def test_its_text_is_its_configuration(self, case: Path, tmp_path: Path) -> None:
        adopted = adopt(in_files(case))
        (tmp_path / "Pulumi.a.yaml").write_text(adopted.text, encoding="utf-8")
        assert load(tmp_path / "Pulumi.a.yaml") == adopted.config

    def test_a_plan_accepts_it_once_its_questions_are_answered(self, case: Path, tmp_path: Path) -> None:
        adopted = adopt(in_files(case))
        assert [str(problem) for problem in examine(filled(adopted, tmp_path))[1]] == []

    def test_until_then_a_plan_asks_them(self, case: Path) -> None:
        adopted = adopt(in_files(case))
        asked = [problem for problem in examine(adopted.config)[1] if problem.rule.id == "unanswered"]
        assert {problem.path[1] for problem in asked} == set(adopted.questions)
        assert all("`flyball measure`" in problem.remedy for problem in asked)
        assert len(asked) == 2 * len(adopted.questions)

    def test_what_it_comes_to_is_adopted_as_itself(self, case: Path, tmp_path: Path) -> None:
        """From the second time on nothing changes."""
        once = again(filled(adopt(in_files(case)), tmp_path), tmp_path / "once")
        twice = again(filled(once, tmp_path), tmp_path / "twice")
        assert twice.config == once.config

    def test_no_secret_enters_it(self, case: Path) -> None:
        """Each of them is `hunter2`, or a token of letters and digits."""
        text = adopt(in_files(case)).text
        assert "hunter2" not in text
        assert "abcdef0123" not in text


def test_every_stack_file_has_its_case() -> None:
    stacks = sorted((Path(__file__).parent / "cases").glob("*.stack"))
    assert [stack.stem for stack in stacks] == [case.stem for case in CASES]


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_of_flyball_s_own_comes_back(name: str, tmp_path: Path) -> None:
    """All that stands on its objects: not the load, nor zones, nor sizes that follow from these."""
    config = load(PROJECT / "stacks" / f"Pulumi.{name}.yaml")
    adopted = again(config, tmp_path)
    stack = examine(config)[0]
    back = examine(filled(adopted, tmp_path))[0]
    assert adopted.lost == ()
    assert (back.place.environment, back.place.owner, back.namespace) == (name, "shop", "shop")
    assert back.services.keys() == stack.services.keys()
    for service, was in stack.services.items():
        spec = back.services[service].spec
        for key in ("port", "protocol", "public", "user", "token", "command", "arguments", "scratch", "probes", "pod"):
            assert getattr(spec, key) == getattr(was.spec, key), (service, key)
        assert (spec.resources, spec.rollout, spec.calls.keys()) == (
            was.spec.resources,
            was.spec.rollout,
            was.spec.calls.keys(),
        )
        if spec.protocol != "tcp":
            assert spec.deadline == was.spec.deadline
        for callee, call in spec.calls.items():
            other = was.spec.calls[callee]
            assert (call.times, call.hop.variable, call.names) == (other.times, other.hop.variable, other.names)
        assert back.services[service].given["image"] == was.given["image"]
        assert back.services[service].given.get("env", {}) == was.given.get("env", {})


@pytest.mark.parametrize("name", ["applications", "members"])
def test_init_containers_and_sidecars_come_back(name: str, tmp_path: Path) -> None:
    config = load(PROJECT / "tests" / "kubernetes" / "stacks" / f"Pulumi.{name}.yaml")
    once = again(config, tmp_path / "once")
    assert [str(each) for each in once.lost if "initContainers" in each.path] == []
    answered = filled(once, tmp_path)
    stack, (back, problems) = examine(config)[0], examine(answered)
    assert [str(problem) for problem in problems] == []
    for service, was in stack.services.items():
        spec = back.services[service].spec
        for key in ("init", "sidecars", "scratch", "files", "metrics", "shutdown", "grace_seconds"):
            assert getattr(spec, key) == getattr(was.spec, key), (service, key)
    for job, was in stack.jobs.items():
        spec = back.jobs[job].spec
        assert [(spec.init, spec.sidecars, spec.grace_seconds)] == [
            (was.spec.init, was.spec.sidecars, was.spec.grace_seconds)
        ]
    twice = again(answered, tmp_path / "twice")
    for service, args in once.config["services"].items():
        other = twice.config["services"][service]
        assert [other.get(key) for key in KEPT] == [args.get(key) for key in KEPT], service


def test_what_rotates_logs_is_said(tmp_path: Path) -> None:
    web = {"image": "registry.example/web:1.0", "port": 8080, "load": {"peak": 10, "replica": 20}}
    services = {"web": {**web, "logs": {"path": "/var/log/web", "preset": "reopens"}}}
    config = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "dev", "services": services}
    adopted = again({**config, "logs": {"to": "none", "reason": "none are kept"}}, tmp_path / "made")
    assert [str(each) for each in adopted.lost] == [
        "deployment web: spec.template.spec.initContainers[1]: rotates the files in the folder of its logs; say in"
        " `logs` who writes them"
    ]
    assert adopted.config["services"]["web"]["scratch"]["logs"] == {"path": "/var/log/web", "size": "512Mi"}
    assert "sidecars" not in adopted.config["services"]["web"]


def test_a_namespace_in_which_nothing_runs_but_by_the_clock_is_one(tmp_path: Path) -> None:
    job = {"spec": {"template": deployment("a")["spec"]["template"]}}
    metadata = {"name": "a", "namespace": "shop"}
    cron = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {"schedule": "0 4 * * *", "jobTemplate": job},
    }
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(cron), encoding="utf-8")
    assert adopt(in_files(tmp_path)).config["namespace"] == "shop"


def refused(tmp_path: Path, *documents: object, namespace: str | None = None) -> str:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    with pytest.raises(Refused) as error:
        in_files(tmp_path, namespace)
    return str(error.value)


def deployment(name: str, namespace: str | None = None, **spec: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    pod = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, **place}}
    return {**head, "spec": {"template": pod, **spec}}


class TestRefuses:
    def test_all_that_is_no_manifest_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "b.json").write_text("[", encoding="utf-8")
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": [1]}}
        documents = [
            ["a"],
            {"kind": "Service", "metadata": {}},
            {**deployment("a"), "spec": None},
            deployment("b", template={"spec": {"containers": []}}),
            cron,
            deployment("d", template={"spec": {"containers": [{"name": 1}]}}),
            deployment(
                "e", template={"spec": {"containers": [{"name": "e", "image": "e:1"}], "initContainers": [{}, 1]}}
            ),
            {"apiVersion": "v1", "kind": "List", "items": [1]},
        ]
        said = refused(tmp_path, *documents)
        assert said.splitlines() == [
            "a.yaml[0]: is no map; a manifest has apiVersion, kind and metadata",
            "a.yaml[1]: has no apiVersion, no metadata.name; a manifest has apiVersion, kind and metadata; other files"
            " belong elsewhere",
            "a.yaml[2]: deployment a.spec: is missing",
            "a.yaml[3]: deployment b.spec.template.spec.containers: has no container; name at least one",
            "a.yaml[4]: cronjob c.spec.jobTemplate: is no map",
            "a.yaml[5]: deployment d.spec.template.spec.containers[0].name: is missing or no text",
            "a.yaml[5]: deployment d.spec.template.spec.containers[0].image: is missing or no text",
            "a.yaml[6]: deployment e.spec.template.spec.initContainers[0].name: is missing or no text",
            "a.yaml[6]: deployment e.spec.template.spec.initContainers[0].image: is missing or no text",
            "a.yaml[6]: deployment e.spec.template.spec.initContainers[1]: is no map",
            "a.yaml[7].items[0]: is no map; a manifest has apiVersion, kind and metadata",
            "b.json:1:2: cannot be read as YAML: expected the node content, but found '<stream end>'",
        ]

    def test_what_makes_manifests_and_is_none(self, tmp_path: Path) -> None:
        head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
        assert refused(tmp_path, deployment("a"), {**head, "resources": ["b.yaml"]}) == (
            "a.yaml[1]: is a Kustomization, and no manifest; adopt what `kubectl kustomize` writes: it changes the"
            " manifests that it names"
        )

    def test_what_a_chart_would_fill_in(self, tmp_path: Path) -> None:
        (tmp_path / "b.yaml").write_text('{{- if .Values.on }}\nkind: "Service"\n{{- end }}\n', encoding="utf-8")
        container = {"name": "web", "image": "{{ .Values.image }}:1"}
        named, imaged = (
            deployment("{{ .Release.Name }}-web"),
            deployment("a", template={"spec": {"containers": [container]}}),
        )
        hint = "it has {{, as a template of a chart: adopt what `helm template` writes"
        *said, unreadable = refused(tmp_path, named, imaged).splitlines()
        assert said == [
            f"a.yaml[0]: is called {{{{ .Release.Name }}}}-web; {hint}",
            f"a.yaml[1]: deployment a.spec.template.spec.containers[0].image: is {{{{ .Values.image }}}}:1; {hint}",
        ]
        assert unreadable.startswith("b.yaml:1:3: cannot be read as YAML: ")
        assert unreadable.endswith(f"; {hint}")

    def test_what_is_there_twice(self, tmp_path: Path) -> None:
        said = refused(tmp_path, deployment("web"), deployment("web"))
        assert said == "a.yaml[1]: deployment web is in a.yaml[0] too; leave one of them out"

    def test_two_namespaces(self, tmp_path: Path) -> None:
        two = [deployment("web", space) for space in ("a", "b")]
        assert refused(tmp_path, *two) == (
            "something runs in a, b, and a stack has one namespace; name one with --namespace"
        )
        assert refused(tmp_path, *two, namespace="c") == "nothing runs in the namespace c; there is something in a, b"
        assert adopt(in_files(tmp_path, "b")).config["namespace"] == "b"

    def test_what_the_governor_brings_is_no_second_namespace(self, tmp_path: Path) -> None:
        balance = deployment("flyball-balance", "flyball-system")
        balance["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "flyball"}
        (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([deployment("web", "shop"), balance]), encoding="utf-8")
        adopted = adopt(in_files(tmp_path))
        assert (adopted.config["namespace"], [*adopted.config["services"]]) == ("shop", ["web"])
        assert [str(each) for each in adopted.lost] == []

    def test_what_is_in_another_namespace_is_said(self, tmp_path: Path) -> None:
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "b"}}
        documents = [deployment("web", "a"), deployment("x", "b"), service, deployment("web", "c")]
        (tmp_path / "a.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
        assert [str(each) for each in adopt(in_files(tmp_path, "a")).lost] == [
            "namespace b: deployment x, service x: another namespace, which a stack of its own would describe",
            "namespace c: deployment web: another namespace, which a stack of its own would describe",
        ]

    def test_where_nothing_runs(self, tmp_path: Path) -> None:
        said = refused(tmp_path, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})
        assert said == "nothing runs there; name Deployments, StatefulSets or CronJobs"

    def test_where_nothing_runs_but_on_each_node(self, tmp_path: Path) -> None:
        said = refused(tmp_path, {**deployment("a", "ops"), "kind": "DaemonSet"})
        assert said == "nothing runs there; name Deployments, StatefulSets or CronJobs"

    def test_no_files(self, tmp_path: Path) -> None:
        with pytest.raises(Refused, match=r"has no file that ends with \.yaml, \.yml, \.json; name a file or a folder"):
            in_files(tmp_path)
        with pytest.raises(Refused, match=r"nowhere: is not there; name a file or a folder of manifests"):
            in_files(tmp_path / "nowhere")


def named(tmp_path: Path, *documents: object) -> dict[str, Any]:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return dict(adopt(in_files(tmp_path)).config)


def test_what_is_named_anew_each_time_is_called_by_the_stem(tmp_path: Path) -> None:
    job = {**deployment("a"), "kind": "Job", "metadata": {"generateName": "migrate-"}}
    assert [*named(tmp_path, job)["jobs"]] == ["migrate"]


def test_what_the_cluster_has_made_of_another_is_no_thing_of_its_own(tmp_path: Path) -> None:
    owner = [{"kind": "CronJob", "name": "nightly", "controller": True}]
    made = {**deployment("nightly-1"), "kind": "Job", "metadata": {"name": "nightly-1", "ownerReferences": owner}}
    assert "jobs" not in named(tmp_path, deployment("web"), made)


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        ({"name": "tcp-interbroker"}, "tcp"),
        ({"name": "mysql"}, "tcp"),
        ({"name": "https"}, "tcp"),
        ({"name": "web", "appProtocol": "https"}, "tcp"),
        ({"name": "http-web"}, "http"),
        ({"name": "grpc-web"}, "grpc"),
        ({"name": "tcpdump"}, "http"),
    ],
)
def test_what_a_port_speaks_is_told_by_its_name(tmp_path: Path, port: dict[str, str], protocol: str) -> None:
    app = {"app": "web"}
    pod = {"metadata": {"labels": app}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    service = {**head, "spec": {"selector": app, "ports": [{"port": 8080, **port}]}}
    web = named(tmp_path, deployment("web", template=pod), service)["services"]["web"]
    assert web.get("protocol", "http") == protocol


def beside(tmp_path: Path, **containers: Any) -> tuple[dict[str, Any], Adopted]:
    """What is adopted of a web server with further containers, and the arguments of it."""
    app = {"app": "web"}
    web = {"name": "web", "image": "web:1", "ports": [{"containerPort": 8080}]}
    spec = {"containers": [web, *containers.get("beside", [])], "initContainers": containers.get("before", [])}
    pod = {"metadata": {"labels": app}, "spec": spec}
    head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    service = {**head, "spec": {"selector": app, "ports": [{"name": "http", "port": 8080}]}}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([deployment("web", template=pod), service]), encoding="utf-8")
    adopted = adopt(in_files(tmp_path / "a.yaml"))
    return adopted.config["services"]["web"], adopted


def test_init_containers_run_in_the_order_in_which_they_ran(tmp_path: Path) -> None:
    before = [{"name": name, "image": f"{name}:1"} for name in ("fetch", "build")]
    args, adopted = beside(tmp_path, before=before)
    assert [(name, each["image"]) for name, each in args["init"].items()] == [
        ("a-fetch", "fetch:1"),
        ("b-build", "build:1"),
    ]
    args, adopted = beside(tmp_path, before=before[::-1])
    assert [*args["init"]] == ["build", "fetch"]
    assert "is the container" not in adopted.text


def test_further_containers_have_names_that_no_other_has(tmp_path: Path) -> None:
    before = [{"name": name, "image": "a:1"} for name in ("proxy", "logrotate", "1st")]
    args, _ = beside(tmp_path, before=before, beside=[{"name": "a" * 60, "image": "a:1"}])
    assert [*args["init"], *args["sidecars"]] == ["a-proxy", "b-logrotate", "c-c-1st", "a" * 34]
    args, _ = beside(tmp_path, before=[{"name": "proxy", "image": "a:1"}])
    assert [*args["init"]] == ["proxy-2"]


def test_a_version_is_asked_for_beside_the_application_too(tmp_path: Path) -> None:
    _, adopted = beside(tmp_path, beside=[{"name": "agent", "image": "agent:latest"}])
    above = adopted.text[: adopted.text.index("image: agent:latest")].splitlines()[-3:]
    assert "          # a question: which version; `plan` asks for a tag or a digest" in above
    [problem] = examine(filled(adopted, tmp_path))[1]
    assert str(problem).startswith("services.web.sidecars.agent.image: 'agent:latest' is not pinned to a version")


def test_a_sidecar_without_a_port_is_asked_by_commands_alone(tmp_path: Path) -> None:
    asked = {"exec": {"command": ["alive"]}}
    agent = {"name": "agent", "image": "agent:1", "readinessProbe": asked, "livenessProbe": asked}
    args, adopted = beside(tmp_path, beside=[agent])
    assert "port" not in args["sidecars"]["agent"]
    assert {key: each["exec"] for key, each in args["sidecars"]["agent"]["probes"].items()} == {
        "startup": ["test", "-d", "/proc/1"],
        "readiness": ["alive"],
        "liveness": ["test", "-r", "/proc/1/status"],
    }
    assert examine(filled(adopted, tmp_path))[1] == []


def test_a_sidecar_listens_on_the_port_that_its_probes_ask(tmp_path: Path) -> None:
    ports = [{"name": "a", "containerPort": 7001}, {"name": "b", "containerPort": 7002}, {"containerPort": 8080}]
    agent = {"name": "agent", "image": "agent:1", "ports": ports, "readinessProbe": {"tcpSocket": {"port": "b"}}}
    args, adopted = beside(tmp_path, beside=[agent])
    assert args["sidecars"]["agent"]["port"] == 7002
    at = "deployment web: spec.template.spec.containers[1].ports"
    assert [str(each) for each in adopted.lost if ".ports[" in each.path] == [
        f"{at}[0]: a sidecar has one port here; let `ports` lead to 7001 where others are to reach it",
        f"{at}[2]: a sidecar has one port here; let `ports` lead to 8080 where others are to reach it",
    ]


def test_one_of_two_sidecars_listens_on_the_port_that_the_probes_of_both_ask(tmp_path: Path) -> None:
    asked = {"readinessProbe": {"httpGet": {"path": "/", "port": 9999}}}
    args, adopted = beside(tmp_path, beside=[{"name": name, "image": "agent:1", **asked} for name in ("one", "two")])
    assert {name: each.get("port") for name, each in args["sidecars"].items()} == {"one": 9999, "two": None}
    assert examine(filled(adopted, tmp_path))[1] == []


def test_the_service_that_leads_to_all_pods_gives_the_name(tmp_path: Path) -> None:
    app, documents = {"app": "broker"}, list[object]()
    for name, address in (("a-headless", {"clusterIP": "None"}), ("b", {})):
        head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}
        documents.append({**head, "spec": {"selector": app, "ports": [{"port": 9092}], **address}})
    pod = {"metadata": {"labels": app}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    assert [*named(tmp_path, deployment("broker", template=pod), *documents)["services"]] == ["b"]
