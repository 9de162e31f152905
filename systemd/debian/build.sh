#!/usr/bin/env bash
# Builds Debian packages into target/deb and has lintian judge them.
#   build.sh [ARCHITECTURE...]     of amd64 and arm64; without: both
set -euo pipefail
# Else a build that fails within $(...) would have what an earlier one left packed.
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
here=systemd/debian out=target/deb
[ $# -gt 0 ] || set -- amd64 arm64
PATH=$PATH:/usr/sbin:/sbin
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} CARGO_INCREMENTAL=0
packages=(--package loop-hw --package loop-web --package loopctl)
host=$(dpkg --print-architecture)

declare -A triple=([amd64]=x86_64-unknown-linux-gnu [arm64]=aarch64-unknown-linux-gnu)
declare -A gcc=([amd64]=x86_64-linux-gnu-gcc [arm64]=aarch64-linux-gnu-gcc)

compile() { # architecture; prints where the programs are
  if [ "$1" = "$host" ]; then
    "${CARGO:-cargo}" build --release "${packages[@]}" >&2
    echo target/release
    return
  fi
  local target=${triple[$1]} linker
  linker=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_LINKER
  export "$linker=${gcc[$1]}"
  # Another compiler would build everything anew each time, so each has a folder.
  export CARGO_TARGET_DIR=target/cross
  if [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
    export RUSTC=/usr/bin/rustc # Debian's, whose library for arm64 is a package
  fi
  "${CARGO:-cargo}" build --release "${packages[@]}" --target "$target" >&2
  echo "target/cross/$target/release"
}

fill() { # text file with the version in it, where to
  sed "s/@VERSION@/$version/" "$1" > "$2"
}

constant() { # name, file
  sed -n "s/^const $1: u32 = \([0-9]*\);/\1/p" "$2"
}

put_programs() { # from, root, architecture
  local name
  install -d "$2/usr/bin"
  for name in loop-hw loop-web loopctl; do
    install -m 755 "$1/$name" "$2/usr/bin/$name"
  done
}

put_settings() { # root
  install -D -m 644 systemd/loop.toml "$1/etc/loop/loop.toml"
  install -D -m 644 -t "$1/lib/systemd/system" systemd/loop-hw.service systemd/loop-web.service
  install -D -m 644 systemd/sysusers.d/loop.conf "$1/usr/lib/sysusers.d/loop.conf"
  install -D -m 644 systemd/tmpfiles.d/loop.conf "$1/usr/lib/tmpfiles.d/loop.conf"
  install -D -m 644 systemd/NetworkManager/loop.conf "$1/usr/lib/NetworkManager/conf.d/loop.conf"
  install -D -m 755 systemd/loop-setup "$1/usr/sbin/loop-setup"
}

put_documents() { # root
  local doc=$1/usr/share/doc/loop man=$1/usr/share/man page
  install -d "$doc" "$man/man1" "$man/man8"
  "$host_programs/loopctl" man --dir "$man/man1"
  for page in "$here"/man/*.8; do fill "$page" "$man/man8/${page##*/}"; done
  gzip -9n "$man"/man?/*
  { sed "/@LICENSE@/,\$d" "$here/copyright"; sed -n '5,$p' LICENSE | sed 's/^$/./; s/^/ /'; } > "$doc/copyright"
  {
    printf 'loop (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * What has changed for its users is in CHANGELOG.md.gz beside this file.\n\n'
    printf ' -- The LOOP authors <loop@loop.invalid>  %s\n' "$(date -R -u -d "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n > "$doc/changelog.gz"
  gzip -9nc CHANGELOG.md > "$doc/CHANGELOG.md.gz"
  install -D -m 644 "$here/lintian-overrides" "$1/usr/share/lintian/overrides/loop"
  install -d "$1"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
  "$host_programs/loopctl" completions bash > "$1/usr/share/bash-completion/completions/loopctl"
  "$host_programs/loopctl" completions zsh > "$1/usr/share/zsh/vendor-completions/_loopctl"
  "$host_programs/loopctl" completions fish > "$1/usr/share/fish/vendor_completions.d/loopctl.fish"
}

# The C library's version that the programs ask for.
libc() { # root
  local name
  for name in "$1"/usr/bin/*; do readelf -VW "$name"; done | grep -o 'GLIBC_2\.[0-9]*' | sed 's/GLIBC_//' | sort -V | tail -n 1
}

put_control() { # root, architecture
  local control=$1/DEBIAN script
  install -d "$control"
  sed "s/@VERSION@/$version/; s/@ARCH@/$2/; s/@LIBC@/$(libc "$1")/; s/@SIZE@/$(du -sk "$1" | cut -f 1)/" \
    "$here/control" > "$control/control"
  for script in preinst postinst prerm postrm; do
    sed "s/@VERSION@/$version/; s/@PLAYER_FORMAT@/$player/; s/@ORDER_FORMAT@/$order/; s/@ITEM_FORMAT@/$item/" \
      "$here/$script" > "$control/$script"
    chmod 755 "$control/$script"
  done
  echo /etc/loop/loop.toml > "$control/conffiles"
  (cd "$1" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) > "$control/md5sums"
}

# A version of one's own, to try an upgrade.
version=${LOOP_DEB_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
player=$(constant VERSION loop-hw/src/memory.rs)
order=$(constant ORDER_VERSION loop-web/src/store/layout.rs)
item=$(constant VERSION loop-web/src/store/item.rs)
[ -n "$player" ] && [ -n "$order" ] && [ -n "$item" ] || { echo "the formats' versions are not where they were" >&2; exit 1; }

umask 022
[ -e spa/dist/index.html ] || (cd spa && npm run build)
# The manual and the completions come of the program for this machine.
host_programs=$(compile "$host")
mkdir -p "$out"
for architecture in "$@"; do
  programs=$(compile "$architecture")
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  chmod 755 "$root"
  put_programs "$programs" "$root"
  put_settings "$root"
  put_documents "$root"
  put_control "$root" "$architecture"
  package=$out/loop_${version}_$architecture.deb
  dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
  lintian --fail-on error,warning --allow-root "$package"
  rm -rf "$root"
  echo "$package"
done
