#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# What is nearly used up of the grants of Domain-0 and of the xenstore quota of a driver domain: dmvlctl check finds it,
# and finds nothing of the kind while a little less is used. Devices and nodes are written by hand.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

# devices COUNT: of as many domains, connected, with rings of 2^20 bytes: 513 pages are mapped for each.
devices()
{
	seq 1000 $((999 + $1)) | awk '{
		print "/local/domain/0/backend/dmvl/" $1 "/0/state 4"
		print "/local/domain/" $1 "/device/dmvl/0/ring-order 20"
	}' | xargs xenstore-write
}

# found_by WORD..: dmvlctl check finds a limit that is nearly reached. It finds other things too.
found_by()
{
	dmvlctl check --grace 1s "$@" >found 2>&1
	grep -E 'pages of guests are mapped|nodes of dmvl' found
}

devices 408
is "$(found_by)" '' 'dmvlctl check finds nothing about grants while 209304 pages are mapped'
devices 409
like "$(found_by)" 'this host: 209817 pages of guests are mapped, and Xen lets a domain map 262144 *' \
	'dmvlctl check finds that 80 % of the grants are mapped'

# nodes COUNT: g1 has as many, as a driver domain; three of them are folders.
nodes()
{
	seq 4 "$1" | awk -v dir="/local/domain/$(guest_domid g1)/data/dmvl/default/saved" '{ print dir "/" $1 " 1" }' |
		xargs xenstore-write
}

nodes 799
is "$(found_by -B g1)" '' 'dmvlctl check finds nothing about the quota of a driver domain with 799 nodes'
nodes 800
like "$(found_by -B g1)" "this host: domain $(guest_domid g1) has 800 nodes of dmvl in xenstore, and may have 1000 in all*" \
	'dmvlctl check finds a driver domain that has 80 % of its nodes in xenstore'
if [ "${XENSTORED:-}" = oxenstored ]; then
	like "$(commands 'nodes of dmvl')" '*grep quota-maxentity /etc/xen/oxenstored.conf*' \
		'dmvlctl check names the file in which oxenstored has its quota'
	skip 'oxenstored takes no quota while it runs' 'dmvlctl check finds nothing after the quota was raised'
else
	commands 'nodes of dmvl' >todo
	is "$(cat todo)" 'xenstore-control quota set nodes 10000' 'dmvlctl check says how the quota is raised'
	check 'xenstored takes the command that raises the quota' sh todo
	is "$(found_by -B g1)" '' 'dmvlctl check finds nothing about the quota after it was raised'
fi
done_testing
