# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packages in a root: their content, installation, upgrade, purge.

packages=(dmvl-backend dmvl-guest dmvl-doc)

lintian_all()
{
	lintian --allow-root --fail-on error,warning,info,pedantic --display-info --pedantic --tag-display-limit 0 "$@"
}

# deb_list DEB: paths of its files, uncompressed, without what every package of Debian has.
deb_list()
{
	dpkg-deb --fsys-tarfile "$1" | tar -t | sed 's,^\.,,; /\/$/d; s,\(/man/.*\)\.gz$,\1,' |
		grep -vE '^/usr/share/(doc/dmvl-[a-z]+/|lintian/)'
}

# installed_list DIR
installed_list()
{
	(cd "$1" && find . ! -type d) | sed 's,^\.,,'
}

# check_contents DEBS: the packages hold what make installs.
check_contents()
{
	local debs=$1 deb dirs=()
	for deb in "$debs"/*.deb; do
		[[ $deb == *-dbgsym* ]] || deb_list "$deb"
	done | sort >"$tmp/packed"
	# As the packages of this release have it.
	! grep -q '^/lib/' "$tmp/packed" || dirs=(LIBDIR=/lib)
	check 'make install works' make -s install DESTDIR="$tmp/dest" PREFIX=/usr "${dirs[@]}"
	installed_list "$tmp/dest" | sort >"$tmp/installed"
	check 'the packages hold what make install installs' diff "$tmp/packed" "$tmp/installed"
	check 'make uninstall works' make -s uninstall DESTDIR="$tmp/dest" PREFIX=/usr "${dirs[@]}"
	check 'nothing is left of make install after make uninstall' silent installed_list "$tmp/dest"
	rm -rf "$tmp/dest"
}

# newer DEBS DIR: the same packages of a later version.
newer()
{
	local deb tree=$tmp/tree
	mkdir -p "$2"
	for deb in "$1"/*.deb; do
		rm -rf "$tree"
		dpkg-deb -R "$deb" "$tree"
		sed -i 's/^Version: .*/&+next/; s/\((= [0-9.]*\))/\1+next)/' "$tree/DEBIAN/control"
		dpkg-deb --root-owner-group -Znone -b "$tree" "$2" >/dev/null || return
	done
	rm -rf "$tree"
}

# install_debs ROOT DEBS: with apt, where the root may lack what they need.
install_debs()
{
	local files
	rm -rf "$tmp/$1/root/tmp/debs"
	cp -r "$2" "$tmp/$1/root/tmp/debs"
	rm -f "$tmp/$1/root/tmp/debs"/*dbgsym*
	files=$(cd "$tmp/$1/root" && echo tmp/debs/*.deb)
	# shellcheck disable=SC2086
	in_root "$1" dpkg -i $files
}

# install_steps ROOT: the same packages once more, in two steps.
install_steps()
{
	in_root "$1" sh -c 'dpkg --unpack /tmp/debs/*.deb && dpkg --configure -a'
}

# rival ROOT: dpkg removes dmvl-backend in favour of a package, which then cannot be installed.
rival()
{
	local tree=$tmp/$1/root/tmp/rival
	mkdir -p "$tree/DEBIAN"
	printf '%s: %s\n' Package dmvl-rival Version 1 Architecture all Maintainer 'Nobody <nobody@example.org>' \
		Description rival Conflicts dmvl-backend Replaces dmvl-backend Provides dmvl-backend >"$tree/DEBIAN/control"
	printf '#!/bin/sh\nexit 1\n' >"$tree/DEBIAN/preinst"
	chmod 755 "$tree/DEBIAN/preinst"
	dpkg-deb --root-owner-group -b "$tree" "$tree.deb" >/dev/null &&
		! in_root "$1" dpkg -i --auto-deconfigure /tmp/rival.deb
	in_root "$1" dpkg -P dmvl-rival
	rm -rf "$tree" "$tree.deb"
}

# A kernel that has loaded xen_gntalloc with its own limit.
gntalloc_loaded()
{
	local dir=$tmp/$1/root/sys/module
	mount -t tmpfs tmpfs "$dir" && mkdir -p "$dir/xen_gntalloc/parameters" &&
		echo 1024 >"$dir/xen_gntalloc/parameters/limit"
}

gntalloc_limit()
{
	[ "$(cat "$tmp/$1/root/sys/module/xen_gntalloc/parameters/limit")" = "$2" ]
}

says()
{
	"$@" | grep -q .
}

state()
{
	in_root "$1" dpkg-query -f '${Version} ${db:Status-Status}\n' -W "${packages[@]}" | sort -u
}

upgraded()
{
	[[ $(state "$1") == *+next\ installed ]] && [ "$(state "$1" | wc -l)" -eq 1 ]
}

# asked_only ROOT LINE..: of systemctl.
asked_only()
{
	local root=$1
	shift
	diff <(asked "$root") <(printf '%s\n' "$@" | sort)
}

# What daemons and operators leave.
use()
{
	in_root "$1" sh -c 'mkdir /etc/dmvl/policy.d && mkdir -p /var/lib/dmvl/default /run/dmvl \
			/etc/systemd/system/multi-user.target.wants &&
		: >/etc/default/dmvl-front && : >/etc/default/dmvl-exporter && : >/etc/dmvl/policy.conf && : >/var/lib/dmvl/default/u && : >/run/dmvl/default.lock &&
		ln -s /dev/null /etc/systemd/system/multi-user.target.wants/dmvl-back@default.service &&
		ln -s /dev/null /etc/systemd/system/multi-user.target.wants/dmvl-exporter.service &&
		ln -s /dev/null /etc/systemd/system/dmvl-back@old.service &&
		ln -s /dev/null /etc/systemd/system/dmvl-exporter.service &&
		ln -s /dev/null /etc/systemd/system/dmvl-front@1.service'
}

kept_policy()
{
	[ -e "$tmp/$1/root/etc/dmvl/policy.conf" ] && [ -e "$tmp/$1/root/var/lib/dmvl/default/u" ]
}

left()
{
	(cd "$tmp/$1/root/run" && ls -d dmvl* 2>/dev/null)
	root_changes "$1"
}

smoke()
{
	cp debian/tests/installed "$tmp/$1/root/tmp/"
	in_root "$1" /tmp/installed >"$tmp/smoke" 2>&1 || {
		cat "$tmp/smoke"
		return 1
	}
}

# check_installation ROOT DEBS WHERE
check_installation()
{
	local root=$1 debs=$2 where=$3
	local units=(dmvl-back@default.service dmvl-exporter.service)
	local again="reload-or-restart ${units[*]}"
	local stops=('stop dmvl-back@*.service' 'stop dmvl-exporter.service')
	local upgrade=('--system daemon-reload' 'try-restart dmvl-back@*.service' 'try-restart dmvl-exporter.service'
		'try-restart dmvl-front@*.service')
	newer "$debs" "$tmp/newer"
	root_systemd "$root"
	gntalloc_loaded "$root"
	check "the packages can be installed $where" install_debs "$root" "$debs"
	asked "$root" >/dev/null
	check "xen_gntalloc that is loaded gets its limit $where" gntalloc_limit "$root" 8192
	check "what is installed works $where" smoke "$root"
	use "$root"
	check "the packages can be upgraded $where" install_debs "$root" "$tmp/newer"
	check "an upgrade $where restarts the daemons that run, and no others" asked_only "$root" "${upgrade[@]}"
	check "the packages are of the new version $where" upgraded "$root"
	printf '%s loaded active running x\n' "${units[@]}" >"$tmp/$root/root/tmp/units"
	check "dpkg gives up a removal $where" rival "$root"
	check "daemons that a removal stopped run again after it is given up $where" asked_only "$root" "${stops[@]}" "$again"
	check "the packages are there after a removal is given up $where" upgraded "$root"
	check "the packages can be removed $where" in_root "$root" dpkg -r "${packages[@]}"
	check "a removal $where stops the daemons" asked_only "$root" '--system daemon-reload' "${stops[@]}" \
		'stop dmvl-front@*.service'
	check "policy and what was set outlive a removal $where" kept_policy "$root"
	check "the packages can be unpacked and configured after a removal $where" install_steps "$root"
	check "daemons that a removal stopped run after an installation $where" asked_only "$root" "${upgrade[@]}" "$again"
	: >"$tmp/$root/root/tmp/units"
	check "the packages can be removed once more $where" in_root "$root" dpkg -r "${packages[@]}"
	check "the packages can be purged $where" in_root "$root" dpkg -P "${packages[@]}"
	check "a purge leaves nothing $where" silent left "$root"
	rm -rf "$tmp/newer"
}
