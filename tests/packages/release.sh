# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The packages of other releases, in roots of their own, and RPM.

mirror()
{
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1
}

# base_root RELEASE: build/packages/RELEASE, made once.
base_root()
{
	local dir=build/packages/$1
	[ ! -e "$dir/.whole" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	debootstrap --variant=minbase "$1" "$dir" "$(mirror)" && : >"$dir/.whole"
}

# in_root with downloads that are kept.
apt_in()
{
	local root=$1 cache=build/packages/cache-${1%-*}
	shift
	mkdir -p "$cache"
	mountpoint -q "$tmp/$root/root/var/cache/apt/archives" ||
		mount --bind "$cache" "$tmp/$root/root/var/cache/apt/archives"
	in_root "$root" apt-get -q -y --no-install-recommends -o APT::Keep-Downloaded-Packages=true \
		-o Binary::apt-get::APT::Keep-Downloaded-Packages=true -o APT::Sandbox::User=root "$@"
}

build_dependencies()
{
	apt_in "$1" update && apt_in "$1" install build-essential fakeroot && apt_in "$1" build-dep /src/dmvl
}

# As tests/deps asks for it: not installed.
test_dependencies()
{
	apt_in "$1" update && apt_in "$1" -s build-dep -P pkg.dmvl.test,pkg.dmvl.release /src/dmvl
}

# As any user, with the unit tests.
build_in()
{
	in_root "$1" useradd -m builder &&
		in_root "$1" chown -R builder /src &&
		in_root "$1" setpriv --reuid builder --regid builder --clear-groups \
			sh -c 'cd /src/dmvl && dpkg-buildpackage -us -uc'
}

# The policy that debian/control names is that of the oldest of these releases.
lintian_in()
{
	local root=$1
	apt_in "$root" install lintian >"$tmp/lintian" 2>&1 || {
		cat "$tmp/lintian"
		return 1
	}
	in_root "$root" setpriv --reuid builder --regid builder --clear-groups sh -c 'cd /src &&
		lintian --fail-on error,warning,info,pedantic --display-info --pedantic \
			--suppress-tags out-of-date-standards-version --tag-display-limit 0 dmvl_*.changes'
}

install_needs()
{
	apt_in "$1" update && apt_in "$1" install iproute2 kmod man-db systemd udev \
		$(for deb in "$2"/*.deb; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
			sed 's/^ *//; s/ .*//; /^dmvl-/d; /^$/d')
}

# source_tree DIR: of what make deb was made from.
source_tree()
{
	mkdir -p "$1"
	tar -xzf build/dist/dmvl-*.tar.gz -C "$1" --strip-components=1
}

# check_build RELEASE DEBS: built there, the packages are in DEBS.
check_build()
{
	local release=$1 root=$1-build
	root_open "$root" "$PWD/build/packages/$release"
	mkdir -p "$tmp/$root/root/src" "$2"
	source_tree "$tmp/$root/root/src/dmvl"
	check "$release has what make check needs" test_dependencies "$root"
	check "$release has what a plain build needs" build_dependencies "$root" &&
		check "the packages can be built on $release" build_in "$root" &&
		cp "$tmp/$root/root/src"/*.deb "$2" &&
		check "lintian of $release finds nothing, however pedantic" silent lintian_in "$root"
	root_close "$root"
}

# check_release RELEASE
check_release()
{
	local release=$1 debs=$tmp/debs-$1
	check "a root of $release can be made" base_root "$release" || return
	check_build "$release" "$debs"
	[ -n "$(ls "$debs")" ] || return
	root_open "$release-needs" "$PWD/build/packages/$release"
	check "$release has what the packages need" install_needs "$release-needs" "$debs"
	# What changes in a copy of it changes by the packages alone.
	root_open "$release-install" "$tmp/$release-needs/root"
	check_installation "$release-install" "$debs" "on $release"
	root_close "$release-install"
	root_close "$release-needs"
	check "autopkgtest is content on $release" autopkgtest_in "$release" "$debs"
}

# sources_of ROOT RELEASE: the next updates and installations are from that release.
sources_of()
{
	rm -f "$tmp/$1/root/etc/apt/sources.list.d"/*
	printf 'deb %s %s main\n' "$(mirror)" "$2" >"$tmp/$1/root/etc/apt/sources.list"
	apt_in "$1" update
}

# keeps_dmvl ROOT ARG..: apt-get, with that, would remove nothing of ours.
keeps_dmvl()
{
	apt_in "$@" -s >"$tmp/simulated" && grep -q '^Inst libc6 ' "$tmp/simulated" && ! grep '^Remv dmvl' "$tmp/simulated"
}

# apt_without_systemd ROOT ARG..: the script of libc6 asks systemd itself, not the one that is played.
apt_without_systemd()
{
	local run=$tmp/$1/root/run/systemd/system status
	rmdir "$run"
	apt_in "$@"
	status=$?
	mkdir -p "$run"
	return $status
}

# built_for ROOT PATTERN: what the programs there are linked with is there, and is of that release.
built_for()
{
	in_root "$1" sh -c 'ldd /usr/sbin/dmvl-back /usr/sbin/dmvl-front' >"$tmp/ldd"
	cat "$tmp/ldd"
	! grep 'not found' "$tmp/ldd" && [ "$(grep -c "libxenvchan.so.$2 " "$tmp/ldd")" -eq 2 ]
}

# check_next FROM TO: a machine with the packages of one release becomes one of the next.
check_next()
{
	local root=$1-next
	root_open "$root" "$PWD/build/packages/$1"
	check "$1, to be $2, has what the packages need" install_needs "$root" "$tmp/debs-$1"
	root_systemd "$root"
	check "$1, to be $2, has the packages" install_debs "$root" "$tmp/debs-$1"
	use "$root"
	check "$1 gets the sources of $2" sources_of "$root" "$2"
	check "apt full-upgrade from $1 to $2 removes nothing of dmvl" keeps_dmvl "$root" full-upgrade
	check "the C library becomes that of $2" apt_without_systemd "$root" install libc6
	cp "$tmp/debs-$2"/dmvl-{backend,guest,doc}_*.deb "$tmp/$root/root/srv/"
	check "apt installs the packages of $2 over those of $1" \
		apt_in "$root" install $(cd "$tmp/$root/root" && printf '/%s\n' srv/dmvl-*.deb)
	check "the programs are those of $2, with all libraries" built_for "$root" 4.20
	check "policy and what was set outlive the upgrade from $1 to $2" kept_policy "$root"
	root_close "$root"
}

autopkgtest_in()
{
	local root=$1-autopkgtest status
	root_open "$root" "$PWD/build/packages/$1"
	mount -t proc proc "$tmp/$root/root/proc"
	source_tree "$tmp/autopkgtest"
	autopkgtest --no-built-binaries "$2"/dmvl-{backend,guest,doc}_*.deb "$tmp/autopkgtest" -- \
		chroot "$tmp/$root/root"
	status=$?
	rm -rf "$tmp/autopkgtest"
	root_close "$root"
	return $status
}

rpm_in()
{
	rpm --root "$tmp/rpm" --dbpath /var/lib/rpm "$@"
}

rpm_installs()
{
	# A shell for its scriptlets.
	mkdir -p "$tmp/rpm/bin" && cp "$(command -v busybox)" "$tmp/rpm/bin/sh" && rpm_in --initdb && rpm_in -i --nodeps build/rpm/RPMS/*/dmvl-{backend,guest,doc}-[0-9]*.rpm
}

rpm_holds()
{
	make -s install DESTDIR="$tmp/dest" PREFIX=/usr &&
		diff <(installed_list "$tmp/dest" | sort) <(rpm_in -qla | sed 's,\(/man/.*\)\.gz$,\1,' |
			while read -r path; do
				[ -d "$tmp/rpm/$path" ] || echo "$path"
			done | grep -vE '/(licenses|\.build-id)/' | sort)
}

rpm_leaves_nothing()
{
	rpm_in -e --nodeps "${packages[@]}" && [ -z "$(find "$tmp/rpm" -path '*/var/lib/rpm' -prune -o -path '*/bin/sh' -prune -o -type f -print)" ]
}

check_rpm()
{
	check 'make rpm builds RPM packages' make rpm || return
	check 'the RPM packages can be installed' rpm_installs
	check 'the RPM packages hold what make install installs' rpm_holds
	check 'a removal of the RPM packages leaves nothing' rpm_leaves_nothing
}
