#!/usr/bin/python3
"""The bench's hand inside the virtual device: obeys what comes over a virtio-serial port, so that no network is involved.

A request is a line of JSON with an "id"; each answer repeats it, and the last one has "code":
  {"id": 1, "sh": "text", "limit": 60}                      -> {"id": 1, "out": BASE64} ... {"id": 1, "err": BASE64} ... {"id": 1, "code": 0}
  {"id": 2, "put": "/a", "data": BASE64, "first": true, "mode": 420}  -> {"id": 2, "code": 0}
  {"id": 3, "get": "/a"}                                    -> {"id": 3, "out": BASE64} ... {"id": 3, "code": 0}
Requests are worked on one after the other. What fails here has code 125, what takes longer than its limit 124.
"""

import base64
import json
import os
import signal
import subprocess
import tempfile
import time

PORT = "/dev/virtio-ports/loop.agent"
CHUNK = 48 * 1024
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def shell(text, limit, say):
    # Into files, not pipes: a program left running would keep a pipe open.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            ["/bin/bash", "-c", text],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            env={"PATH": PATH, "HOME": "/var/tmp", "LANG": "C.UTF-8"},
        )
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            code = 124
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            send_file(name, file, say)
    return code


def send_file(name, file, say):
    while chunk := file.read(CHUNK):
        say(**{name: base64.b64encode(chunk).decode()})


def obey(request, say):
    if "sh" in request:
        return shell(request["sh"], request["limit"], say)
    if "put" in request:
        with open(request["put"], "wb" if request["first"] else "ab") as file:
            file.write(base64.b64decode(request["data"]))
            os.fchmod(file.fileno(), request["mode"])
    elif "get" in request:
        with open(request["get"], "rb") as file:
            send_file("out", file, say)
    return 0


def lines(port):
    """What the host sends. While no host is connected, reading gives nothing at once."""
    rest = b""
    while True:
        got = os.read(port, 1 << 16)
        if not got:
            time.sleep(0.05)
        *whole, rest = (rest + got).split(b"\n")
        yield from whole


def main():
    while not os.path.exists(PORT):
        time.sleep(0.05)
    port = os.open(PORT, os.O_RDWR)
    for line in lines(port):
        try:
            request = json.loads(line)
            number = request["id"]
        except (ValueError, KeyError, TypeError):
            continue

        def say(number=number, **fields):
            answer = memoryview(json.dumps({"id": number, **fields}).encode() + b"\n")
            while answer:
                answer = answer[os.write(port, answer) :]

        try:
            code = obey(request, say)
        except (OSError, KeyError, ValueError) as error:
            say(err=base64.b64encode(str(error).encode()).decode())
            code = 125
        say(code=code)


main()
