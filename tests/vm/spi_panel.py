"""LOOP with its panel on the pretend board: both programs inside the device, and the board's log judged outside."""

import json
import subprocess

SETTINGS = {
    "LOOP_PANEL_KIND": "ili9341",
    "LOOP_PATHS_DATA": "/var/lib/loop",
    "LOOP_PATHS_SOCKET": "/run/loop/hw.sock",
    "LOOP_WEB_LISTEN": "127.0.0.1:8080",
}
PAGE = "http://127.0.0.1:8080"


class SpiPanel:
    """A fresh device with the board, and LOOP installed but not running."""

    def __init__(self, bench, settings=None, **board):
        self.bench, self.device = bench, bench.device()
        self.settings = SETTINGS | (settings or {})
        self.logs = []
        self.device.push(bench.board, "/var/tmp/loopboard.ko")
        self.board = " ".join(f"{name}={value}" for name, value in board.items())
        self.plug()
        bench.install(self.device, "loop-hw", "loop-web")

    def plug(self):
        """The board comes up, with all of its lines low."""
        self.device.sh(f"insmod /var/tmp/loopboard.ko {self.board}; mkdir -p /run/loop /var/lib/loop")
        self.device.until("test -c /dev/spidev0.0 -a -c /dev/gpiochip0 -a -c /dev/loopboard", limit=10)

    def replug(self):
        """The power has been away: what is not on the disk is gone, the board's log included."""
        self.device.sh("rmmod loopboard; rm -rf /run/loop")
        self.plug()

    def start(self, *programs):
        for program in programs:
            settings = " ".join(f"--setenv={name}={value}" for name, value in self.settings.items())
            # Asked to stop, a program has a moment; then the journal tells that it was killed.
            self.device.sh(f"systemd-run -q --unit={program} -p TimeoutStopSec=20 {settings} /opt/{program}")

    def stop(self, *programs):
        """Asks programs to stop, which they must do well."""
        for program in programs:
            self.device.sh(f"systemctl stop {program}", limit=40)
            log = self.device.sh(f"journalctl -q -o short-monotonic -u {program}").out
            (self.bench.folder / f"{program}.journal").write_text(log)
            last = log.rpartition(": Started ")[2]
            assert "panicked" not in last and "Failed with result" not in last, last

    def status(self):
        """What the page tells about the panel."""
        dashboard = json.loads(self.device.sh(f"curl -fsS {PAGE}/api/dashboard").out)
        return dashboard["status"]["hardware"]["panel"]

    def listen(self, name):
        """Writes the board's log to a file from now on."""
        self.logs.append(name)
        self.device.sh(f"systemd-run -q --unit=log-{name} sh -c 'exec cat /dev/loopboard >/var/tmp/{name}'")

    def listen_no_more(self):
        """Ends the log's file when the board is silent."""
        name = self.logs[-1]
        quiet = f"before=$(stat -c %s /var/tmp/{name}); sleep 0.5; test $before = $(stat -c %s /var/tmp/{name})"
        self.device.until(quiet, limit=20)
        self.device.sh(f"systemctl stop log-{name}")
        self.device.pull(f"/var/tmp/{name}", self.bench.folder / name)

    def add_scene(self):
        """Uploads the scene as a page does; waits until it plays. Gives its slug."""
        upload = self.bench.folder / "scene_frames.zip"
        self.judge("scene", upload)
        self.device.push(upload, "/var/tmp/scene_frames.zip")
        # Nobody looks into the original but for how it begins.
        self.device.sh(r"printf '\0\0\0\030ftypmp42scene' > /var/tmp/scene.mp4")
        self.device.until(f"curl -fsS {PAGE}/health/ready", limit=60)
        files = "-F files=@/var/tmp/scene.mp4 -F files=@/var/tmp/scene_frames.zip"
        answer = self.device.sh(f"curl -sS {files} {PAGE}/api/media", limit=120).out
        self.device.until(f"""curl -fsS {PAGE}/api/dashboard | grep -q '"active":"'""", limit=60)
        slugs = self.device.sh("ls /var/lib/loop/media").out.split()
        assert len(slugs) == 1, f"{slugs}: {answer}"
        self.device.pull(f"/var/lib/loop/media/{slugs[0]}/clip", self.bench.folder / "clip")
        return slugs[0]

    def judge(self, *words):
        command = [self.bench.programs / "judge", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def verdicts(self):
        """One for each log, in order."""
        files = [self.bench.folder / name for name in self.logs]
        verdicts = json.loads(self.judge("log", self.bench.folder / "clip", *files))
        (self.bench.folder / "verdicts.json").write_text(json.dumps(verdicts, indent=1))
        return verdicts


def must_be_flawless(verdict):
    """What holds for every log of a working panel."""
    wrong = {name: verdict[name] for name in ("mismatches", "violations", "gaps") if verdict[name]}
    assert not wrong, f"{wrong}; first: {verdict['first_mismatch']}"
    assert verdict["showing"], "the display is off in the end"


def told(verdict):
    """The figures of a verdict in a sentence."""
    return (
        "{entries} entries, {transfers} transfers, {bytes} bytes, {bursts} bursts, {frames} frames compared in "
        "{seconds:.1f} s, {skipped} left out, {mismatches} mismatches, {violations} violations"
    ).format(seconds=verdict["millis"] / 1000, **verdict)
