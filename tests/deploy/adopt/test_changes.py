"""What a stack would change of what runs: nothing of what it has made itself, and everything that it says otherwise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tests.deploy.adopt.test_adopt import CASES, PROJECT, deployment, filled, objects, written

from flyball.cli import main
from flyball.deploy.adopt.adopt import adopt
from flyball.deploy.adopt.changes import changes
from flyball.deploy.adopt.found import in_files
from flyball.deploy.as_yaml import to_yaml
from flyball.stack.file import load

WEB = Path(__file__).parent / "cases" / "web.yaml"


def test_of_what_it_has_made_itself_it_changes_nothing(tmp_path: Path) -> None:
    made = objects(load(PROJECT / "stacks" / "Pulumi.local.yaml"))
    assert changes(in_files(written(tmp_path, made), "shop"), made, "shop") == ([], [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_nor_of_what_was_adopted_and_brought_up(case: Path, tmp_path: Path) -> None:
    config = filled(adopt(in_files(case)), tmp_path)
    made = objects(config)
    assert changes(in_files(written(tmp_path, made)), made, config["namespace"]) == ([], [])


def test_each_change_is_said_by_object_and_field(tmp_path: Path) -> None:
    found = in_files(WEB)
    lines, stays = changes(found, objects(filled(adopt(found), tmp_path)), "trade")
    assert [*map(str, lines), *stays] == WEB.with_suffix(".changes").read_text(encoding="utf-8").splitlines()


def test_a_value_that_is_written_otherwise_is_no_change(tmp_path: Path) -> None:
    made = objects(load(PROJECT / "stacks" / "Pulumi.local.yaml"))
    there = json.loads(json.dumps([dict(o.manifest) for o in made]))
    [cart] = [each for each in there if each["kind"] == "Deployment" and each["metadata"]["name"] == "cartservice"]
    [container] = cart["spec"]["template"]["spec"]["containers"]
    container["resources"]["requests"]["cpu"] = "0.2"
    container["terminationMessagePolicy"] = "File"
    cart["status"] = {"replicas": 2}
    cart["spec"]["template"]["spec"]["schedulerName"] = "default-scheduler"
    file = tmp_path / "there.yaml"
    file.write_text(yaml.dump_all(there, Dumper=yaml.CSafeDumper), encoding="utf-8")
    assert changes(in_files(file, "shop"), made, "shop") == ([], [])
    container["resources"]["requests"]["cpu"] = "300m"
    container["env"].append({"name": "PASSWORD", "value": "hunter2"})
    file.write_text(yaml.dump_all(there, Dumper=yaml.CSafeDumper), encoding="utf-8")
    assert [*map(str, changes(in_files(file, "shop"), made, "shop")[0])] == [
        "deployment cartservice: container.resources.requests.cpu: 300m becomes 200m",
        "deployment cartservice: variable.PASSWORD: withheld goes",
    ]


class TestCommand:
    def test_adopts_and_plans(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        result = CliRunner().invoke(main, ["adopt", "-f", str(WEB), "--out", str(file)])
        assert (result.exit_code, result.stdout) == (0, "")
        assert file.read_text(encoding="utf-8") == WEB.with_suffix(".stack").read_text(encoding="utf-8")
        said = result.stderr.splitlines()
        assert said[-1] == f"1 service and 0 jobs in {file}; 9 things are not said"
        assert [line.partition(": ")[0] for line in said[:-1]] == ["not said"] * 9
        plan = CliRunner().invoke(main, ["plan", "-s", str(file), "--against", str(WEB), "--json"])
        assert plan.exit_code == 0, plan.stderr
        shrinks = json.loads(plan.stdout)["shrinks"]
        count = len(WEB.with_suffix(".changes").read_text(encoding="utf-8").splitlines())
        assert shrinks[-1] == f"{count} changes; nothing was changed"

    def test_is_compared_in_the_namespace_of_the_stack(self, tmp_path: Path) -> None:
        """What runs in another one makes no question of which."""
        file, there = tmp_path / "web.yaml", tmp_path / "there"
        file.write_text(adopt(in_files(WEB)).text, encoding="utf-8")
        there.mkdir()
        (there / "web.yaml").write_bytes(WEB.read_bytes())
        (there / "other.yaml").write_text(to_yaml(deployment("other", "ops")), encoding="utf-8")
        both = [CliRunner().invoke(main, ["plan", "-s", str(file), "--against", str(path)]) for path in (WEB, there)]
        assert [each.exit_code for each in both] == [0, 0]
        assert both[0].stdout == both[1].stdout

    @pytest.mark.parametrize("option", [["--against", str(WEB)], ["--against-context", "c"]], ids=["files", "context"])
    def test_a_stack_with_findings_is_not_compared_and_says_so(self, option: list[str], tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(adopt(in_files(WEB)).text.replace("peak: 550", "peak: '?'"), encoding="utf-8")
        plan = CliRunner().invoke(main, ["plan", "-s", str(file), *option])
        said = f"{option[0]}: not compared, as rules are broken; mend them first"
        assert (plan.exit_code, plan.stdout.splitlines()[-1]) == (1, said)
        plan = CliRunner().invoke(main, ["plan", "-s", str(file), *option, "--json"])
        assert json.loads(plan.stdout)["shrinks"] == [said]

    @pytest.mark.parametrize("option", ["--against", "--against-context", "--before"])
    def test_a_platform_is_compared_with_nothing_and_says_so(self, option: str, tmp_path: Path) -> None:
        file = tmp_path / "Pulumi.base.yaml"
        file.write_text("config: {flyball:environment: a, flyball:owner: b, flyball:aws: {}}", encoding="utf-8")
        plan = CliRunner().invoke(main, ["plan", "-s", str(file), option, str(file)])
        assert (plan.exit_code, plan.stderr) == (
            1,
            f"refused, and nothing was changed:\n{option}: is of a stack of services, and this is the stack of a"
            " platform; name the stack of the services that run on it\n",
        )

    def test_two_places_to_compare_with_are_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(adopt(in_files(WEB)).text, encoding="utf-8")
        more = ["--against", str(WEB), "--against-context", "c"]
        plan = CliRunner().invoke(main, ["plan", "-s", str(file), *more])
        assert (plan.exit_code, plan.stderr) == (
            1,
            "refused, and nothing was changed:\n--against-context: is given beside --against; compare with one of"
            " them\n",
        )

    def test_manifests_are_adopted_without_pulumi_which_loads_slowly(self) -> None:
        without = 'import sys; sys.modules.update(dict.fromkeys(["pulumi", "pulumi_kubernetes"]))'
        program = f"{without}; from flyball.cli import main; main(['adopt', '-f', {str(WEB)!r}])"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == WEB.with_suffix(".stack").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "there is neither --file, nor --context; name manifests with -f, or a cluster with --context and"),
            (["--context", "c"], "there is no --namespace beside --context; name manifests with -f, or a cluster with"),
            (["-f", "a", "--context", "c"], "--context: is given beside --file; read from one of them"),
            (["-f", "a", "--namespace", "A_B"], "--namespace: 'A_B' is no name for a namespace; at most 63"),
            (["-f", "a", "--out", str(WEB)], f"--out: {WEB} is there already; name another file, or remove it"),
        ],
    )
    def test_refuses(self, arguments: list[str], said: str) -> None:
        result = CliRunner().invoke(main, ["adopt", *arguments])
        assert result.exit_code == 1
        assert result.stderr.startswith(f"refused, and nothing was changed:\n{said}")
