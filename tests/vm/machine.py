"""A virtual device: starts QEMU, talks to the agent inside, and never leaves a machine running.

Always TCG: where the host is itself a guest, KVM starts without an error and then the kernel inside hangs.
"""

import base64
import ctypes
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PUT_CHUNK = 48 * 1024
READY = "ready"


class GuestError(Exception):
    """Something inside the device, or the device itself, did not do what was asked; the text says what."""


def die_with_parent():
    """The machine ends with the bench, however the bench ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Machine:
    """One device. Its disk lies over the image and is kept in `folder`, with the state right after start-up, so that
    `fresh` takes seconds. Not for use by two benches at once."""

    # What connects it to others, for QEMU.
    nic = "none"

    def __init__(self, image, folder):
        self.image, self.folder = pathlib.Path(image), pathlib.Path(folder)
        self.disk = self.folder / "disk.qcow2"
        self.process = self.agent = self.lines = self.sockets = None
        self.numbers = itertools.count(time.time_ns() // 1000)

    # --- Power.

    def fresh(self):
        """A device as it is after start-up; from the saved state if there is one of this image and this QEMU."""
        self.cut()
        key = self.key()
        saved = self.folder / "key"
        if not (saved.exists() and saved.read_text() == key and self.disk.exists()):
            saved.unlink(missing_ok=True)
            self.new_disk()
            self.start()
            self.wait(180)
            state = self.sh("systemctl is-system-running --wait", limit=120, check=False)
            if state.out.strip() not in ("running", "degraded"):
                raise GuestError(f"the device does not start up: {state.out}{state.err}")
            self.monitor(f"savevm {READY}")
            saved.write_text(key)
        else:
            self.start(READY)
            self.wait(60)
        return self

    def key(self):
        qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, check=True)
        source = pathlib.Path(__file__).read_bytes()
        return hashlib.sha256(qemu.stdout + source + (self.image / "key").read_bytes()).hexdigest()

    def new_disk(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.disk.unlink(missing_ok=True)
        base = (self.image / "root.img").resolve()
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, self.disk]
        subprocess.run(command, check=True)

    def start(self, saved=None):
        """Power on, or go on from a saved state. One processor and 512 MB, as the smallest board LOOP is for."""
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="loop-device-"))
        kernel = "console=ttyS0 quiet panic=-1 mitigations=off"
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,tb-size=256", "-cpu", "max"]
        command += ["-smp", "1", "-m", "512", "-nodefaults", "-no-user-config", "-display", "none"]
        command += ["-no-reboot", "-rtc", "base=utc", "-nic", self.nic]
        command += ["-kernel", self.image / "vmlinuz", "-initrd", self.image / "initrd.img", "-append", kernel]
        command += ["-drive", f"if=none,id=disk,{self.drive()}", "-device", "virtio-blk-pci,drive=disk"]
        command += ["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
        command += ["-chardev", f"socket,id=agent,path={self.sockets}/agent,server=on,wait=off"]
        command += ["-device", "virtserialport,chardev=agent,name=loop.agent"]
        command += ["-qmp", f"unix:{self.sockets}/qmp,server=on,wait=off"]
        command += ["-serial", f"file:{self.folder}/console.log"]
        command += ["-loadvm", saved] if saved else []
        log = open(self.folder / "qemu.log", "wb")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent
        )

    def drive(self):
        """The disk, for QEMU."""
        return f"file={self.disk},format=qcow2,cache=writeback,discard=unmap"

    def cut(self):
        """Takes the power away, as a pulled plug does."""
        self.hang_up()
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None

    # --- The agent inside.

    def wait(self, limit):
        """Until the agent answers; then sets the clock, which stood still in a saved state."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise GuestError(f"QEMU ended: {(self.folder / 'qemu.log').read_text()}")
            try:
                self.sh(f"date -s @{time.time():.3f}", limit=5)
                return
            except (OSError, GuestError):
                self.hang_up()
                time.sleep(0.2)
        raise GuestError(f"no answer from inside the device in {limit} s; see {self.folder}/console.log")

    def hang_up(self):
        if self.agent:
            self.agent.close()
            self.agent = None

    def ask(self, patience, **request):
        """One request and all of its answer, in so many seconds: exit code, output, errors."""
        if not self.agent:
            self.agent = socket.socket(socket.AF_UNIX)
            self.agent.connect(str(self.sockets / "agent"))
            self.lines = self.agent.makefile("rb")
            self.agent.sendall(b"\n")  # ends what an earlier connection may have left half said
        number = next(self.numbers)
        self.agent.settimeout(patience + 10)
        self.agent.sendall(json.dumps({"id": number, **request}).encode() + b"\n")
        end = time.monotonic() + patience + 10
        out, err = [], []
        while time.monotonic() < end:
            line = self.lines.readline()
            if not line:
                raise GuestError("the device hung up")
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if answer.get("id") != number:
                continue
            out.append(base64.b64decode(answer.get("out", "")))
            err.append(base64.b64decode(answer.get("err", "")))
            if "code" in answer:
                return answer["code"], b"".join(out), b"".join(err)
        raise GuestError(f"no answer in {patience} s to {str(request)[:200]}")

    def sh(self, text, limit=60, check=True):
        """Runs a shell command inside."""
        code, out, err = self.ask(limit, sh=text, limit=limit)
        done = subprocess.CompletedProcess(text, code)
        done.out, done.err = out.decode(errors="replace"), err.decode(errors="replace")
        if check and code != 0:
            raise GuestError(f"`{text}` ended with {code}:\n{done.out}{done.err}")
        return done

    def push(self, source, target, mode=0o644):
        """Copies a file in."""
        first = True
        with open(source, "rb") as file:
            while (chunk := file.read(PUT_CHUNK)) or first:
                data = base64.b64encode(chunk).decode()
                code, _, err = self.ask(60, put=str(target), data=data, first=first, mode=mode)
                if code:
                    raise GuestError(f"cannot write {target}: {err.decode()}")
                first = False

    def pull(self, source, target):
        """Copies a file out."""
        code, out, err = self.ask(120, get=str(source))
        if code:
            raise GuestError(f"cannot read {source}: {err.decode()}")
        pathlib.Path(target).write_bytes(out)

    def until(self, text, limit=60):
        """Runs a command again and again until it succeeds."""
        end = time.monotonic() + limit
        while (last := self.sh(text, check=False)).returncode != 0:
            if time.monotonic() > end:
                raise GuestError(f"`{text}` did not succeed in {limit} s:\n{last.out}{last.err}")
            time.sleep(0.2)
        return last

    # --- QEMU's own line.

    def monitor(self, command):
        """A command of QEMU's monitor; what it prints is an error."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(120)
            line.connect(str(self.sockets / "qmp"))
            lines = line.makefile("rb")
            lines.readline()
            said = None
            request = {"execute": "human-monitor-command", "arguments": {"command-line": command}}
            for step in ({"execute": "qmp_capabilities"}, request):
                line.sendall(json.dumps(step).encode())
                said = json.loads(lines.readline())
                while "event" in said:
                    said = json.loads(lines.readline())
        if said.get("return"):
            raise GuestError(f"{command}: {said['return']}")
        if "error" in said:
            raise GuestError(f"{command}: {said['error']}")
