# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which Debian release the bench is of: the machine's own, or that of SUITE. Sourced with $top set. Gives $suite,
# $home (where that release's build tree and images are) and, if it is another one, $root (where its programs are
# built, else empty); apt GET|CACHE ARG.. and inside COMMAND..

own_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
suite=${SUITE:-$own_suite}
home=$top/build root=''
if [ "$suite" != "$own_suite" ]; then
	home=$top/build/$suite root=$home/root
fi

# apt GET|CACHE ARG..: apt-get or apt-cache. Another release has lists and a cache of its own, and no package
# counts as installed. Unsandboxed: apt's own user cannot write below a build tree of root's.
apt()
{
	local tool=$1 dir=$home/apt options=()
	shift
	[ -z "$root" ] || options=(
		-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=-
		-o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status"
		-o Dir::Cache="$dir/cache"
	)
	"apt-$tool" -q -o APT::Sandbox::User=root ${options[@]+"${options[@]}"} "$@"
}

# apt_sources: this machine's own, with the other release in place of its own. Debian's keys verify them.
apt_sources()
{
	local dir=$home/apt
	[ -n "$root" ] || return 0
	mkdir -p "$dir"/{lists,cache/archives}/partial
	: >"$dir/status"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v own="$own_suite" -v suite="$suite" '
			index($2, own) == 1 && $3 == "main" {
				keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
				print "deb [signed-by=" keys "]", $1, suite substr($2, length(own) + 1), "main"
			}' >"$dir/sources.list"
	[ -s "$dir/sources.list" ] || {
		echo "SUITE=$suite: this machine's apt has no sources of Debian $own_suite to go by" >&2
		return 1
	}
}

# unpack DIR DEB..: without installing. /usr is merged before the first one, whatever the packages have.
unpack()
{
	local dir=$1 deb name
	shift
	for name in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$name"
		ln -sfn "usr/$name" "$dir/$name"
	done
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir" || return 1
	done
}

# inside COMMAND..: in the source tree, in the other release's root. Mounts are seen by COMMAND alone.
inside()
{
	[ -n "$root" ] || { "$@"; return; }
	# shellcheck disable=SC2016
	unshare --mount sh -c '
		root=$1 top=$2
		shift 2
		mount -t tmpfs tmp "$root/tmp" && mkdir -p "$root$top" && # the tree may be in /tmp
		mount --bind "$top" "$root$top" && mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" &&
		mount --rbind /sys "$root/sys" &&
		exec chroot "$root" env -C "$top" PATH=/usr/sbin:/usr/bin HOME=/root "$@"' inside "$root" "$top" "$@"
}
