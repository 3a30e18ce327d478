# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Roots in which packages are built, installed and purged, and TAP. A root is a file system of which
# only a copy in memory changes: it is gone with the script, which runs in a mount namespace of its own.

n=0 failed=0
tmp=$(mktemp -d)
trap 'umount -R "$tmp" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mount -t tmpfs tmpfs "$tmp"

# check NAME COMMAND..: ok if it succeeds; else what it said.
check()
{
	local name=$1 result=ok
	shift
	"$@" >"$tmp/said" 2>&1 || result='not ok' failed=1
	n=$((n + 1))
	echo "$result $n - $name"
	[ "$result" = ok ] || tail -n 30 "$tmp/said" | sed 's/^/# /'
	[ "$result" = ok ]
}

# silent COMMAND..: succeeds and says nothing.
silent()
{
	"$@" >"$tmp/silent" 2>&1 && [ ! -s "$tmp/silent" ] && return
	cat "$tmp/silent"
	return 1
}

# root_open NAME LOWER: a copy of the file system at LOWER. Its /run and /tmp are empty.
root_open()
{
	local dir=$tmp/$1 fs
	mkdir -p "$dir"/{upper,work,root}
	ln -sfn "$2" "$dir/lower"
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
	mount --rbind /dev "$dir/root/dev"
	mount --rbind /sys "$dir/root/sys"
	for fs in run tmp; do
		mount -t tmpfs tmpfs "$dir/root/$fs"
	done
	chmod 1777 "$dir/root/tmp"
}

root_close()
{
	umount -R -l "$tmp/$1/root"
	rm -rf "${tmp:?}/$1"
}

# in_root NAME COMMAND..: in processes of its own, which end with it.
in_root()
{
	local root=$tmp/$1/root
	shift
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
		unshare --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" "$@" </dev/null
}

# What a package system keeps for itself, and caches that are made again.
kept='^(var/(lib/(dpkg|apt|systemd/deb-systemd-helper[^/]*|man-db|pam)|cache|log)|etc/ld\.so\.cache$|etc/[a-z]*-$|usr/(local/sbin/systemctl|sbin/policy-rc\.d)$|etc/\.pwd\.lock$)'

# root_changes NAME: what has come since root_open, or changed, but for that. What is deleted is a device there.
root_changes()
{
	local dir=$tmp/$1 path
	(cd "$dir/upper" && find . -mindepth 1 ! -type c -printf '%P\n') | grep -vE "$kept" | sort | while read -r path; do
		[ -d "$dir/upper/$path" ] && [ -d "$dir/lower/$path" ] && continue
		[ -f "$dir/upper/$path" ] && cmp -s "$dir/upper/$path" "$dir/lower/$path" && continue
		echo "$path"
	done
}

# As where systemd runs, but that systemctl only writes down what it is asked to do. /tmp/units are those that run.
root_systemd()
{
	local root=$tmp/$1/root
	mkdir -p "$root/run/systemd/system"
	: >"$root/tmp/units"
	printf '#!/bin/sh\n[ "$1" != list-units ] || exec cat /tmp/units\necho "$*" >>/tmp/systemctl\n' \
		>"$root/usr/local/sbin/systemctl"
	printf '#!/bin/sh\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root"/usr/{sbin/policy-rc.d,local/sbin/systemctl}
}

# asked NAME: of systemctl since the last time.
asked()
{
	sort -u "$tmp/$1/root/tmp/systemctl" 2>/dev/null
	rm -f "$tmp/$1/root/tmp/systemctl"
}

done_testing()
{
	echo "1..$n"
	exit $failed
}
