"""A study on a real PostgreSQL server: two processes tune it at once, and a killed one loses nothing."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inkdigits.errors import ConfigError
from inkdigits.training import tuning
from inkdigits.training.tuning import Trial, tune
from tests.training.test_tuning import RECIPE, pretend_to_train

pwd = pytest.importorskip("pwd", reason="only Unix has the users that a server runs as")

# Two trials, and one that does not end.
_OTHER = """
import sys
from pathlib import Path
import pytest
from inkdigits.training import tuning
from tests.training.test_shared_study import RECIPE, give_signs_of_life
from tests.training.test_tuning import pretend_to_train

with pytest.MonkeyPatch.context() as patch:
    give_signs_of_life(patch)
    pretend_to_train(patch, stuck_after=2)
    tuning.tune(RECIPE, Path(sys.argv[1]), n_trials=9, storage=sys.argv[2])
"""


def give_signs_of_life(patch: pytest.MonkeyPatch) -> None:
    """Every second, so that a dead process is missed soon."""
    patch.setattr(tuning, "HEARTBEAT_S", 1)
    patch.setattr(tuning, "GRACE_S", 3)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server in a temporary folder, run by a user other than root, as PostgreSQL insists."""
    found = [*glob.glob("/usr/lib/postgresql/*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    if not found:
        pytest.skip("no PostgreSQL server on this machine: there is no initdb")
    programs = Path(os.path.realpath(found[-1])).parent
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    # Beside pytest's own folders, which other users may not enter.
    with tempfile.TemporaryDirectory(prefix="inkdigits-pg-", dir="/tmp") as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        settings = f"-k {folder} -c listen_addresses= -c fsync=off"
        data, log = f"{folder}/data", f"{folder}/log"
        initdb = ["initdb", "-D", data, "-U", "tuner", "-A", "trust", "-E", "UTF8", "--no-sync"]
        start = ["pg_ctl", "-D", data, "-l", log, "-o", settings, "-w", "-t", "300", "start"]
        for command in (initdb, start):
            run_as(user, folder, [str(programs / command[0]), *command[1:]])
        yield f"postgresql://tuner@/postgres?host={folder}"
        run_as(user, folder, [str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop"])


def run_as(user: Any, folder: str, command: list[str]) -> None:
    """Run a command of the server to its end, as that user."""
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
    environ = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C"}
    # The server keeps what it inherits: with a pipe, this would wait for the server's end.
    with open(f"{folder}/{Path(command[0]).name}.txt", "w+", encoding="utf-8") as output:
        done = subprocess.run(
            command, cwd=folder, env=environ, stdout=output, stderr=output, check=False, **as_user
        )
        output.seek(0)
        assert done.returncode == 0, output.read()


def test_two_processes_share_a_study_and_a_killed_one_loses_nothing(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_signs_of_life(monkeypatch)
    pretend_to_train(monkeypatch)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _OTHER, str(tmp_path / "other"), server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as other:
        assert other.stdout is not None

        def kill_the_other(trial: Trial) -> None:
            if other.poll() is None:
                assert "stuck\n" in iter(other.stdout.readline, "")  # type: ignore[union-attr]
                other.kill()
                other.wait()
                time.sleep(5)  # until it is missed

        study = tune(RECIPE, tmp_path / "own", n_trials=9, storage=server, finished=kill_the_other)
    assert [trial.number for trial in study.trials] == list(range(len(study.trials)))
    (killed,) = [trial for trial in study.trials if trial.state == "failed"]
    assert sum(trial.state in ("complete", "pruned") for trial in study.trials) == 9
    again = [trial for trial in study.trials if trial.settings == killed.settings]
    assert [trial.state for trial in again[1:]] in (["complete"], ["pruned"]), "another process ran it again"
    folders = [{path.name for path in (tmp_path / name).glob("trial-*")} for name in ("own", "other")]
    assert len(folders[1]) == 3
    assert folders[0] | folders[1] == {f"trial-{trial.number}" for trial in study.trials}
    assert not folders[0] & folders[1]


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://tuner:secret@/postgres?host={tmp_path}"
    with pytest.raises(ConfigError, match="that the server runs") as raised:
        tune(RECIPE, tmp_path, n_trials=1, storage=url)
    assert "secret" not in str(raised.value)
