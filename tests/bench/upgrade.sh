#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Suite file 82-upgrade with real packages, UPGRADES times: how long three guests that send are cut off, and what
# they lose. Run by tests/bench/run.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

# debs: 0.deb to N.deb, each of a later version.
debs()
{
	mkdir debs
	dpkg-deb -R "$SUITE_TOP"/build/deb/dmvl-backend_*.deb tree || return
	for _n in $(seq 0 "$UPGRADES"); do
		sed -i "s/^Version: \([^+]*\).*/Version: \1+$_n/" tree/DEBIAN/control
		dpkg-deb --root-owner-group -Znone -b tree "debs/$_n.deb" >&2 || return
	done
	rm -rf tree
}

debs || bail 'packages of later versions are made'
UPGRADE_DEBS=$PWD/debs
# shellcheck source=tests/suite/82-upgrade.sh
. "$SUITE_TOP/tests/suite/82-upgrade.sh"
sort -n gaps | awk '{ g[NR] = $1 / 1000; lost += $2 } END {
	print "gap-p50", g[int((NR + 1) / 2)], "ms"
	print "gap-max", g[NR], "ms"
	print "lost", lost / NR, "datagrams" }' | while read -r name value unit; do
	metric "$UPGRADES upgrades" 'three guests' "$name" "$value" "$unit"
done
done_testing
