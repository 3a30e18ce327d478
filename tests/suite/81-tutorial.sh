#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The code blocks of docs/tutorial.md, word for word, under a real systemd; apt alone is played, for the
# programs and units are there already, and in the guest the agent is started as udev would.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ -x /usr/lib/systemd/systemd ] || skip_all 'there is no systemd here'
boot=$(dirname "$SUITE_LIB")/../xensim/systemd
page=$(dirname "$SUITE_LIB")/../../docs/tutorial.md

# blocks MACHINE: the commands of its blocks.
blocks()
{
	awk -v fence="\`\`\`sh $1" '$0 == "```" { on = 0 } on { print } $0 == fence { on = 1 }' "$page"
}

below()
{
	nsenter -t "$(cat /run/sd/pid)" -m -p -C "$@"
}

booted()
{
	[ "$(below env -u LD_PRELOAD -u LD_LIBRARY_PATH systemctl is-active multi-user.target)" = active ]
}

# Programs of ours take xensim's libraries from the environment, systemctl must not.
follow()
{
	below sh -e -c 'apt() { :; }
		systemctl() { env -u LD_PRELOAD -u LD_LIBRARY_PATH systemctl "$@"; }
		'"$(cat)"
}

is "$(($(blocks dom0 | wc -l) <= 8))" 1 'the tutorial has at most 8 commands for Dom0'
is "$(($(blocks guest | wc -l) <= 2))" 1 'the tutorial has at most 2 commands for the guest'
mkdir /run/sd
"$boot" /run/sd &
systemds=$!
check 'systemd boots in Dom0' wait_for 30 booted
uplink_setup
xensim rename g1 web1
web1=/local/domain/0/backend/dmvl/$(xensim domid web1)/0
blocks dom0 | grep -v '^dmvlctl' | follow >&2
is $? 0 'the commands for Dom0 succeed'
check 'web1 has its device by the policy' wait_for 30 key_is "$web1/tx-min" 392000000
xensim rename web1 g1
agent_start g1
check 'web1 connects' wait_for 60 connected g1
xensim rename g1 web1
blocks dom0 | grep '^dmvlctl' | follow >shown
like "$(cat shown)" '*392mbit*' 'the last command shows the guarantee'
like "$(cat shown)" '*connected*' 'the last command shows that web1 is connected'
xensim rename web1 g1
kill "$systemds"
wait "$systemds"
done_testing
