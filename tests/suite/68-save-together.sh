#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Many operators save into the policy at once: no change is lost, in one file or in two, and who reads the
# policy meanwhile never finds half a file.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'nothing of Xen is its subject, and processes are many'

keys='weight=300 tx-min=1mbit tx-max=50mbit rx-min=2mbit rx-max=60mbit flood-rate=77 latency=low spoof-check=1'

uplink_setup
cat >policy.conf <<-END
	; of all
	[default]
	mtu = 1500
	[g1] ; in this file
END
mkdir policy.d
printf '; in another file\n[g2]\nattach = yes ; please\n' >policy.d/more.conf
back_run --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit --policy policy.conf
attached()
{
	xenstore-exists "$(be g1)/state" && xenstore-exists "$(be g2)/state"
}
check 'both guests are attached by the policy' wait_for 30 attached

# Until there is a file "stop": tests the policy again and again, and counts how often that failed.
read_policy()
{
	_bad=0 _times=0
	while [ ! -e stop ]; do
		dmvl-back -t --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit --policy policy.conf >>read.err 2>&1 || _bad=$((_bad + 1))
		_times=$((_times + 1))
	done
	echo "$_bad $_times" >read.out
}
read_policy &
reader=$!
savers=
for key in $keys; do
	for guest in g1 g2; do
		dmvlctl set $guest "$key" --save 2>>save.err &
		savers="$savers $!"
	done
done
failed=0
for pid in $savers; do
	wait "$pid" || failed=$((failed + 1))
done
: >stop
wait $reader
cat save.err >&2
is $failed 0 'everyone who saves at once succeeds'
is "$(cut -d' ' -f1 read.out)" 0 'whoever reads the policy meanwhile finds no mistake'

# saved FILE: how many of the keys are in it.
saved()
{
	_n=0
	for key in $keys; do
		grep -qx "${key%%=*} = ${key#*=}" "$1" && _n=$((_n + 1))
	done
	echo $_n
}
is "$(saved policy.conf)" 8 'no change of the first file is lost'
is "$(saved policy.d/more.conf)" 8 'no change of the second file is lost'
check 'comments of the first file live' grep -q '^\[g1\] ; in this file' policy.conf
check 'comments of the second file live' grep -q '^attach = yes ; please' policy.d/more.conf
is "$(find . policy.d -maxdepth 1 -name '*.conf.*' | wc -l)" 0 'no file is left over'
checked()
{
	! dmvlctl check | grep policy
}
check 'what is set is what was saved' wait_for 30 checked

# Somebody keeps the lock.
(
	exec 9>/run/dmvl/policy.lock
	flock 9
	: >locked
	exec sleep 300
) &
holder=$!
check 'another process keeps the lock' wait_for 30 test -e locked
cp policy.conf before.conf
is "$(dmvlctl set g1 weight=5 --save 2>said; echo $?)" 1 'who cannot get the lock gives up'
like "$(cat said)" '*another dmvlctl has been saving into the policy for 10 seconds: nothing is changed*' 'it says so'
check 'the policy is not changed without the lock' cmp -s before.conf policy.conf
is "$(xenstore-read "$(be g1)/weight")" 300 'what cannot be saved is not set'
kill $holder
check 'it is saved when the lock is free' dmvlctl set g1 weight=5 --save
back_stop
done_testing
