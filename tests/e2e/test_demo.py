# SPDX-License-Identifier: Apache-2.0
"""`make demo`: its transcript holds, and nothing is left behind."""

import contextlib
import fcntl
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from lab.place import TOP
from lab.process import environment, wait_for

DEMO = ["/usr/bin/python3", str(TOP / "tests" / "demo" / "demo.py")]


@pytest.fixture(name="folder")
def _folder(tmp_path):
    """A $TMPDIR of its own, to see what is left behind."""
    return tmp_path


def _environment(folder):
    extra = {"TMPDIR": str(folder)}
    if "AJR_BUILD" in os.environ:
        extra["AJR_BUILD"] = os.environ["AJR_BUILD"]
    return environment(**extra)


@contextlib.contextmanager
def _demo(folder):
    """The demo as a shell starts it in the foreground: one that started us in
    the background has told us to ignore SIGINT."""
    with subprocess.Popen(
            DEMO, env=_environment(folder), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, preexec_fn=lambda:
            signal.signal(signal.SIGINT, signal.SIG_DFL)) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def _abandoned():
    """Folders whose maker has ended; those in use are locked."""
    found = []
    for path in pathlib.Path(TOP / "build").glob("lab-*/lock"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), \
                open(path, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.append(path)
    return found


def test_transcript(folder):
    """The whole story with real curl commands."""
    done = subprocess.run([*DEMO, "--once"], env=_environment(folder),
                          capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("$ curl") >= 9
    assert "invalid_grant" in done.stdout
    assert not _abandoned()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_and_removes_everything(folder, number):
    """Ctrl-C and kill: no process and no file stays."""
    with _demo(folder) as demo:
        said = []
        for line in demo.stdout:
            said.append(line)
            if "Ctrl-C stops" in line:
                break
        else:
            pytest.fail("".join(said))
        lab = next(word for line in said for word in line.split()
                   if "/lab-" in word or "/ajr-" in word)
        servers = _processes(lab)
        assert len(servers) >= 3, servers
        demo.send_signal(number)
        demo.wait(30)
    assert not pathlib.Path(lab).exists()
    wait_for(lambda: not _processes(lab), "the servers to end")


def test_port_in_use(folder):
    """A sentence, no traceback; and nothing stays."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [*DEMO, "--once", "--port", str(taken.getsockname()[1])],
            env=_environment(folder), capture_output=True, text=True,
            timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The demo cannot start"), done.stderr
    assert "Address already in use" in done.stderr
    assert not list(folder.iterdir())


def _processes(folder):
    """Command lines that name this folder."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if folder in line:
            found.append(line)
    return found
