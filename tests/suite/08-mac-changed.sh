#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The MAC address of a guest's interface is changed inside the guest: the operator is told.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1
talks g2
own=$(mac g1 dmvl0) other=02:00:00:00:00:77
said="the guest sends from MAC $other, its MAC is $own*"

# told PATTERN: the device's error is like it, while g1 goes on trying.
told()
{
	reaches g1 10.77.0.1
	key_like "$(be g1)/error" "$1"
}
listed()
{
	dmvlctl list | tr -s '\n ' '  ' | grep -q "$1"
}
guest g1 "ip link set dmvl0 address $other" >&2
check 'a guest whose MAC was changed inside is told of in error' wait_for 60 told "$said"
check 'dmvlctl list shows the MAC that the guest sends from' listed "sends from MAC $other"
like "$(dmvlctl check)" "*sends from MAC $other, its MAC is $own*" 'dmvlctl check shows both MACs'
between "$(dropped g1 spoof-mac)" 3 9999 'the frames are counted as spoof-mac'
check 'another guest is not disturbed' talks g2
guest g1 "ip link set dmvl0 address $own" >&2
check 'the error is cleared when the guest sends from its MAC again' wait_for 60 told ''

guest g1 "ip link set dmvl0 address $other" >&2
check 'the guest is told of again when its MAC is changed again' wait_for 60 told "$said"
dmvlctl set g1 spoof-check=0 >&2
check 'the error is cleared by spoof-check=0' wait_for 30 key_is "$(be g1)/error" ''
check 'with spoof-check=0 the other MAC passes' wait_for 30 reaches g1 10.77.0.1
dmvlctl set g1 spoof-check=1 >&2
check 'with spoof-check=1 the guest is told of again' wait_for 60 told "$said"
agent_kill HUP g1
check 'SIGHUP sets the MAC of the device again, and the error is cleared' wait_for 60 told ''

# A guest that bridges others also sends good frames.
guest g1 "dmvl-frames send -i dmvl0 -s $other -c 50 -r 200 & dmvl-frames send -i dmvl0 -c 50 -r 200; wait" >&2
is "$(xenstore-read "$(be g1)/error")" '' 'a guest that sends from its own MAC too is not told of'
back_stop
done_testing
