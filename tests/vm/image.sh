#!/usr/bin/env bash
# Builds the virtual device's disk (Debian 12, amd64) with kernel and initrd, unless it is there already and unchanged.
#   image.sh OUT_DIR
# Needs root: mmdebstrap and chroot. OUT_DIR then has vmlinuz, initrd.img, root.img, loopboard.ko, and key, which names
# what all of it was made of. KVER is the kernel; without it the one whose headers are installed.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || { echo "The device's disk is built as root: sudo $0 $*" >&2; exit 1; }
  exec sudo -n "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: image.sh OUT_DIR}"
out=$(cd "$1" && pwd)
kver=${KVER:-$(dpkg-query -W -f '${Depends}' linux-headers-amd64 | grep -o '[0-9][^ ]*-amd64' | head -1)}
say() { echo "device image: $*" >&2; }

# What the scenarios may use inside. NetworkManager, hostapd and the like are for simulated radios.
packages=systemd,systemd-sysv,udev,kmod,dbus,polkitd,python3,python3-dbus,python3-gi,procps,curl,strace,e2fsprogs
packages+=,iproute2,iputils-ping,nftables,network-manager,wpasupplicant,hostapd,iw,wireless-regdb,dnsmasq-base
packages+=,avahi-daemon,avahi-utils,libnss-mdns,busybox-static,ca-certificates

# Modules by name, or all of a folder; what they depend on comes along.
modules="virtio_pci virtio_blk virtio_console virtio_rng virtio_net ext4 crc32c_generic crc32c_intel nls_utf8 vfat
  mac80211_hwsim ctr ccm gcm cmac dummy veth tun vfb softdog dm-flakey dm-log-writes loop overlay squashfs
  net/netfilter/ net/ipv4/netfilter/ net/ipv6/netfilter/ net/bridge/"

# The board's module is small and changes more often than the disk: it is brought in when a scenario starts.
build_board() {
  local work
  work=$(mktemp -d)
  cp "$here"/board/* "$work"
  make -s -C "/usr/src/linux-headers-$kver" M="$work" CC=gcc-12 modules 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  strip --strip-debug "$work/loopboard.ko"
  mv "$work/loopboard.ko" "$out/loopboard.ko"
  rm -rf "$work"
}
if [ ! "$out/loopboard.ko" -nt "$here/board/loopboard.c" ]; then
  build_board
  say "built the pretend board for $kver"
fi

key=$(find "$here/guest" "$here/image.sh" -type f -exec sha256sum {} + | sort | sha256sum | cut -c1-16)-$kver
[ "$(cat "$out/key" 2>/dev/null)" = "$key" ] && exit 0
rm -f "$out/key"
work=$(mktemp -d -p "$out")
trap 'rm -rf "$work"' EXIT

# --- Files: fetched once for each list of packages.
tar=$out/rootfs-$(echo "$packages" | sha256sum | cut -c1-16).tar
if [ ! -s "$tar" ]; then
  say "fetching the packages; this takes some minutes, once"
  mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/rootfs.tar"
  mv "$work/rootfs.tar" "$tar"
fi
root=$work/root
mkdir "$root"
tar -C "$root" -xpf "$tar"

# --- Kernel: taken out of its package, not installed.
kernel=$out/kernel-$kver
if [ ! -d "$kernel" ]; then
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "linux-image-$kver")
  dpkg-deb -x "$work/linux-image-${kver}"_*.deb "$work/kernel"
  depmod -b "$work/kernel" "$kver"
  mv "$work/kernel" "$kernel"
fi
cp "$kernel/boot/vmlinuz-$kver" "$out/vmlinuz"
tree=lib/modules/$kver
files_of() { modprobe -d "$kernel" -S "$kver" --show-depends "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p'; }
copy_modules() {
  local name
  for name in $modules; do
    case $name in
      */) find "$kernel/$tree/kernel/$name" -name '*.ko' -printf '%f\n' | sed 's/\.ko$//' | while read -r each; do files_of "$each"; done ;;
      *) files_of "$name" ;;
    esac
  done | sort -u | while read -r file; do
    install -D -m 644 "$file" "$root/${file#"$kernel/"}"
  done
  cp "$kernel/$tree"/modules.{builtin,builtin.modinfo,order} "$root/$tree/"
  depmod -b "$root" "$kver"
}
copy_modules

# --- Settings.
echo loopdevice > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 loopdevice\n' > "$root/etc/hosts"
: > "$root/etc/resolv.conf"
echo '/dev/vda / ext4 rw,noatime,errors=remount-ro 0 1' > "$root/etc/fstab"
echo 00000000000000000000000000000001 > "$root/etc/machine-id"
cp -r "$here/guest/etc" "$root/"
install -m 755 "$here/guest/agent.py" "$root/usr/local/sbin/loop-agent"
chroot "$root" systemctl -q enable loop-agent.service
chroot "$root" systemctl -q disable hostapd.service avahi-daemon.service wpa_supplicant.service NetworkManager-wait-online.service
chroot "$root" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service systemd-pstore.service systemd-timesyncd.service

# --- Initrd: what is needed to mount the disk.
initrd=$work/initrd
mkdir -p "$initrd"/{bin,dev,proc,mnt,modules}
cp /bin/busybox "$initrd/bin/"
install -m 755 "$here/guest/init" "$initrd/init"
number=10
for file in $(for name in virtio_pci virtio_blk crc32c_generic ext4; do files_of $name; done | awk '!seen[$0]++'); do
  cp "$file" "$initrd/modules/$number-${file##*/}"
  number=$((number + 1))
done
(cd "$initrd" && find . | cpio -o -H newc --quiet | gzip -1) > "$out/initrd.img"

rm -f "$out/root.img"
truncate -s 1400M "$out/root.img"
mke2fs -q -t ext4 -d "$root" -E lazy_itable_init=0 "$out/root.img"
chown --reference="$here" "$out"/{vmlinuz,initrd.img,root.img,loopboard.ko}
echo "$key" > "$out/key"
say "built for $kver, $(du -h "$out/root.img" | cut -f1)"
