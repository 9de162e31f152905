"""A memory card that forgets: what was not flushed is in its cache, and of that a power cut keeps what chance will.

It is served to QEMU over NBD. A page whose content was not flushed holds, after a cut, any of the contents it has had since:
so writes are lost, overtake each other, and are torn between two pages, as on a real card.
"""

import random
import socket
import struct
import subprocess
import threading

from machine import Machine

PAGE = 4096

# The network block device's protocol, as far as QEMU needs it.
HANDSHAKE = struct.Struct(">8s8sH")
OPTION = struct.Struct(">8sII")
OPTION_REPLY = struct.Struct(">QIII")
REQUEST = struct.Struct(">IHHQQI")
REPLY = struct.Struct(">IIQ")
REPLY_MAGIC = 0x3E889045565A9
GO, ACK, EXPORT_INFO, UNSUPPORTED = 7, 1, 3, 0x80000001
FIXED_NEWSTYLE, NO_ZEROES = 1, 2
HAS_FLAGS, CAN_FLUSH = 1, 4
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
INVALID = 22


class Card:
    """What is on it for sure is in its file."""

    def __init__(self, path, seed):
        self.file = open(path, "r+b", buffering=0)
        self.bytes = self.file.seek(0, 2)
        self.cache = {}
        self.dice = random.Random(seed)
        self.server = None
        self.last = None
        self.is_silent = threading.Event()

    # --- What a card does.

    def read(self, at, length):
        first, last = at // PAGE, (at + length - 1) // PAGE
        found = bytearray(self.durable(first, last - first + 1))
        for page in range(first, last + 1):
            if versions := self.cache.get(page):
                found[(page - first) * PAGE : (page - first + 1) * PAGE] = versions[-1]
        return found[at - first * PAGE :][:length]

    def write(self, at, data):
        first, last = at // PAGE, (at + len(data) - 1) // PAGE
        whole = self.read(first * PAGE, (last - first + 1) * PAGE)
        start = at - first * PAGE
        whole[start : start + len(data)] = data
        for page in range(first, last + 1):
            content = bytes(whole[(page - first) * PAGE : (page - first + 1) * PAGE])
            self.cache.setdefault(page, []).append(content)

    def flush(self):
        for page, versions in self.cache.items():
            self.keep(page, versions[-1])
        self.cache.clear()

    def fall_silent(self, pages, patience):
        """Answers nothing any more as soon as so many pages are in the cache; waits for that as many seconds at most."""
        self.last = pages
        self.is_silent.wait(patience)

    def cut(self):
        """The power has gone. Gives how many pages do not hold what was written last."""
        if self.server:
            self.server.join(10)
            self.server = None
        self.last = None
        self.is_silent.clear()
        forgotten = 0
        for page, versions in self.cache.items():
            kept = self.dice.randrange(len(versions) + 1)
            forgotten += kept < len(versions)
            if kept:
                self.keep(page, versions[kept - 1])
        self.cache.clear()
        return forgotten

    def durable(self, page, pages):
        self.file.seek(page * PAGE)
        return self.file.read(pages * PAGE)

    def keep(self, page, content):
        self.file.seek(page * PAGE)
        self.file.write(content)

    # --- How QEMU talks to it.

    def serve(self, path):
        """To one QEMU at this socket, until that ends."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1)
        self.server = threading.Thread(target=self.work, args=[listener], daemon=True)
        self.server.start()

    def work(self, listener):
        with listener, listener.accept()[0] as peer, peer.makefile("rb") as source:
            try:
                self.agree(peer, source)
                while self.obey(peer, source):
                    pass
            except (OSError, struct.error):
                pass  # it has ended in the middle of a word, as it does without power

    def agree(self, peer, source):
        peer.sendall(HANDSHAKE.pack(b"NBDMAGIC", b"IHAVEOPT", FIXED_NEWSTYLE | NO_ZEROES))
        source.read(4)
        while True:
            _, option, length = OPTION.unpack(source.read(OPTION.size))
            source.read(length)
            if option == GO:
                about = struct.pack(">HQH", 0, self.bytes, HAS_FLAGS | CAN_FLUSH)
                peer.sendall(OPTION_REPLY.pack(REPLY_MAGIC, option, EXPORT_INFO, len(about)) + about)
                peer.sendall(OPTION_REPLY.pack(REPLY_MAGIC, option, ACK, 0))
                return
            peer.sendall(OPTION_REPLY.pack(REPLY_MAGIC, option, UNSUPPORTED, 0))

    def obey(self, peer, source):
        """One request; `False` if there will be no more."""
        _, _, what, cookie, at, length = REQUEST.unpack(source.read(REQUEST.size))
        error, found = 0, b""
        if what == READ:
            found = self.read(at, length)
        elif what == WRITE:
            data = source.read(length)
            if len(data) < length:
                return False
            self.write(at, data)
            if self.last and len(self.cache) >= self.last:
                self.is_silent.set()
                source.read()  # to the end of the machine
                return False
        elif what == FLUSH:
            self.flush()
        elif what == DISCONNECT:
            return False
        else:
            error = INVALID
        peer.sendall(REPLY.pack(0x67446698, error, cookie) + found)
        return True


class DeviceWithCard(Machine):
    """A device that always starts cold, from such a card, and can be reached from outside."""

    nic = "user,id=net,restrict=on,model=virtio-net-pci"

    def __init__(self, image, folder, seed):
        super().__init__(image, folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "card.img"
        subprocess.run(["cp", "--sparse=always", (self.image / "root.img").resolve(), path], check=True)
        self.card = Card(path, seed)

    def drive(self):
        place = self.sockets / "card"
        self.card.serve(place)
        return f"file=nbd+unix:///?socket={place},format=raw,cache=writeback"

    def cut(self):
        """As of every device; gives how many pages the card has forgotten."""
        super().cut()
        return self.card.cut()

    def let_in(self, port, inner):
        """From now on this port of the bench is that one of the device."""
        self.sh("eth=$(ls /sys/class/net | grep -vx lo); ip link set $eth up; ip addr replace 10.0.2.15/24 dev $eth")
        self.monitor(f"hostfwd_add net tcp:127.0.0.1:{port}-10.0.2.15:{inner}")
