"""A real Spring Boot application keeps its logs within their volume by the environment of `logs.preset: spring` alone.

It needs Java and Maven; without them it is left out, in CI too, and the run says so.
"""

import base64
import hashlib
import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.test_requirements import SERVICE

from flyball.guards.workload.resolve import Place, resolve
from flyball.kubernetes.workload.environment import variables
from flyball.stack.schema import ServiceArgs

pytestmark = pytest.mark.java

PINNED = Path(__file__).parent / "spring"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies"
MI = 2**20
SIZE, FILES, RATE, VOLUME = MI, 3, 3 * MI, 20 * MI
WRITTEN = 28 * MI
BEANS, TIMES, TEXTS, LETTERS = 13, 22, 64, 1600
"""An expression of Spring may take some thousand steps, so there are several, each of which writes each text a few
times. The texts are at random, and together longer than what gzip looks back at: it takes away a quarter."""
LINE = LETTERS + 120
"""At the most, with time, level and names before the text."""
PAUSE = TEXTS * LINE * 1000 // RATE + 1
"""Milliseconds after which all texts may be written again, lest it be more than the rate."""


@pytest.fixture(scope="module")
def jars(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Spring Boot and what it needs, by Maven, each as pinned."""
    folder = tmp_path_factory.mktemp("jars")
    command = ["mvn", "-q", "-B", "-f", str(PINNED / "pom.xml"), COPY, f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.skip(f"Maven has no Spring Boot: {(done.stdout + done.stderr).strip()[:500]}")
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.iterdir()}
    pinned = [line.split() for line in (PINNED / "jars.sha256").read_text().splitlines()]
    assert found == {name: digest for digest, name in pinned}
    return [folder / name for name in found]


def _application(folder: Path, pause: int) -> Path:
    """An application that writes more than its volume holds, with a pause [ms] before each round, and ends."""
    expression = f"#{{(new int[{TIMES}]).![{{T(java.lang.Thread).sleep({pause}), @texts.![@log.info(#this)]}}]}}"
    letters = random.Random(1)
    texts = "".join(
        f"<value>{base64.b64encode(letters.randbytes(LETTERS // 4 * 3)).decode()}</value>" for _ in range(TEXTS)
    )
    beans = "\n".join(
        f'<bean class="java.util.ArrayList"><constructor-arg value="{expression}"/></bean>' for _ in range(BEANS)
    )
    file = folder / "application.xml"
    file.write_text(f"""\
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans https://www.springframework.org/schema/beans/spring-beans.xsd">
<bean id="log" class="org.slf4j.LoggerFactory" factory-method="getLogger"><constructor-arg value="order"/></bean>
<bean id="texts" class="java.util.ArrayList"><constructor-arg><list>{texts}</list></constructor-arg></bean>
{beans}
</beans>
""")
    return file


@pytest.fixture
def rendered(tmp_path: Path) -> dict[str, str]:
    """The environment of the container, with the volume's folder at a place that is there."""
    logs = {"path": str(tmp_path / "volume"), "preset": "spring", "size": str(SIZE), "files": FILES}
    logs |= {"rate": str(RATE), "volume": str(VOLUME)}
    service: dict[str, Any] = {**SERVICE, "logs": logs}
    order = resolve({"order": service}, Place("shop"), (), ServiceArgs)["order"]
    return {each["name"]: each["value"] for each in variables(order)}


def _peak(jars: list[Path], application: Path, environment: Mapping[str, str]) -> int:
    """The most that was in the folder of the logs while the application ran, of many looks."""
    folder = Path(environment["LOGGING_FILE_NAME"]).parent
    folder.mkdir()
    place = {key: value for key, value in os.environ.items() if not key.startswith(("LOGGING_", "SPRING_", "JAVA_"))}
    command = ["java", "-Xmx256m", "-cp", ":".join(map(str, jars)), "org.springframework.boot.SpringApplication"]
    command.append(f"--spring.main.sources=file:{application}")
    said = application.with_suffix(".out")
    with said.open("w") as out:
        process = subprocess.Popen(command, env=place | dict(environment), stdout=out, stderr=subprocess.STDOUT)
        try:
            peak = max(_looks(process, folder))
        finally:
            process.kill()
            process.wait()
    text = said.read_text()
    assert process.returncode == 0, text[-3000:]
    assert "Spring Boot" in text
    assert text.count(" order ") == BEANS * TIMES * TEXTS
    assert said.stat().st_size > WRITTEN
    return peak


def _looks(process: subprocess.Popen[bytes], folder: Path) -> Iterator[int]:
    while True:
        ended = process.poll() is not None
        yield sum(_size(file) for file in folder.iterdir())
        if ended:
            return
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def test_within_the_volume(jars: list[Path], tmp_path: Path, rendered: Mapping[str, str]) -> None:
    assert _peak(jars, _application(tmp_path, PAUSE), rendered) <= VOLUME
    folder = Path(rendered["LOGGING_FILE_NAME"]).parent
    old = [file for file in folder.iterdir() if file.suffix == ".gz"]
    assert len(old) >= 2
    assert sum(file.stat().st_size for file in old) <= (FILES + 1) * SIZE


def test_beyond_the_volume_without(jars: list[Path], tmp_path: Path, rendered: Mapping[str, str]) -> None:
    """As Spring Boot comes it rotates at 10 MB and keeps all of a week."""
    bare = {"LOGGING_FILE_NAME": rendered["LOGGING_FILE_NAME"]}
    assert _peak(jars, _application(tmp_path, 0), bare) > VOLUME
