#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvl-back is started before what it needs: it waits, says for what, and serves when all is there.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# begin NAME OPTION..: a dmvl-back whose log is NAME.log.
begin()
{
	_log=$1.log
	shift
	: >notify.out
	env ${xs_path:+"XENSTORED_PATH=$xs_path"} NOTIFY_SOCKET="$PWD/notify" dmvl-back --log-level debug "$@" 2>"$_log" &
	back=$!
}

# said TIMES TEXT: in the log.
said()
{
	[ "$(grep -c "$2" "$_log")" -ge "$1" ]
}

# waits WHAT TEXT [TIMES]: TIMES how often it has waited for that by now.
waits()
{
	check "dmvl-back says that $1" wait_for 30 said "${3:-1}" "waiting: $2"
	check "the service manager is told that $1" wait_for 30 grep -q "STATUS=waiting: $2" notify.out
	is "$(grep -c "waiting: $2" "$_log")" "${3:-1}" "dmvl-back says once that $1"
	check "dmvl-back is not ready while $1" sh -c '! grep -q READY=1 notify.out'
}

serves()
{
	check "dmvl-back serves $1" wait_for 30 grep -q 'version .*: uplink' "$_log"
	check "the service manager is told that it serves $1" wait_for 30 grep -q READY=1 notify.out
}

dmvl-sock notify "$PWD/notify" >notify.out 2>notify.err &
check 'a service manager listens' wait_for 30 grep -q ready notify.err

# ---- xenstored and the bridge, in this order
xs_path=$PWD/xs
begin all --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
waits 'xenstored does not run' 'xenstored does not run'
start relay dmvl-sock relay "$PWD/xs" /run/xenstored/socket
waits 'the bridge does not exist' 'the bridge xenbr0 does not exist'
check 'the key state says that dmvl-back waits' wait_for 30 key_is "$uplink/state" waiting
like "$(dmvlctl check 2>&1)" '*dmvl-back waits: the bridge xenbr0 does not exist*' 'dmvlctl check says what dmvl-back waits for'
kill -9 "$started"
wait "$started"
waits 'xenstored went away while it waited' 'xenstored does not run' 2
xenstore-write "$uplink/state" stopped
start relay dmvl-sock relay "$PWD/xs" /run/xenstored/socket
waits 'it waits for the bridge again' 'the bridge xenbr0 does not exist' 2
check 'the key state says again that dmvl-back waits' wait_for 30 key_is "$uplink/state" waiting
ip link add xenbr0 type bridge
serves 'when xenstored and the bridge are there'
check 'the key error says that the bridge is down' wait_for 30 key_is "$uplink/error" 'the bridge xenbr0 is down'
ip link set xenbr0 up
check 'the key state says that dmvl-back runs' wait_for 30 key_is "$uplink/state" running
check 'nothing is wrong any more when the bridge is up' wait_for 30 key_is "$uplink/error" ''
back_stop
is $? 0 'dmvl-back ends with status 0'
kill "$started"
ip link del xenbr0

# ---- Told to end while it waits
unset xs_path
begin stopped --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
waits 'there is no bridge' 'the bridge xenbr0 does not exist'
kill -HUP "$back"
back_stop
is $? 0 'dmvl-back ends with status 0 while it waits'
is "$(xenstore-read "$uplink/state")" stopped 'the key state says that it ended while it waited'
check 'dmvl-back leaves no TAP when it ends while it waits' test ! -e /sys/class/net/dmvl-up

# ---- The interface below a macvtap
ip link add probe0 type veth peer name far0
if ip link add link probe0 name probe1 type macvtap mode passthru; then
	begin macvtap --uplink macvtap:lower0 --tx-capacity 1gbit
	waits 'the interface below the macvtap does not exist' 'the interface lower0 does not exist'
	ip link add lower0 type veth peer name lower1
	serves 'when the interface below the macvtap is there'
	back_stop
	is $? 0 'dmvl-back ends with status 0 after it waited for an interface'
else
	skip 'the interface below a macvtap is waited for' 'this kernel has no macvtap'
fi

# ---- A link by which the capacity is known
# starts_without NAME WHAT TEXT: dmvl-back without a capacity.
starts_without()
{
	: >policy.conf
	begin "$1" --uplink tap:dmvl-up,bridge=xenbr0 --policy "$PWD/policy.conf"
	waits "$2" "the capacity of uplink default is not known yet: $3"
}

tests_for()
{
	dmvl-back -t --uplink tap:dmvl-up,bridge=xenbr0 "$@" 2>err
}

uplink_setup
xenstore-rm "$uplink/tx-capacity"
ip link set up0 nomaster
starts_without no-port 'the bridge has no port' 'the bridge xenbr0 has no port besides dmvl-up'
tests_for
is $? 1 'dmvl-back -t fails for a bridge without a port, if no capacity is given'
ip link del xenbr0
waits 'the bridge goes away' 'the bridge xenbr0 does not exist'
ip link add xenbr0 type bridge
ip link set xenbr0 up
waits 'the bridge is there again, without a port' 'the capacity of uplink default is not known yet' 2
tc qdisc add dev up0 root tbf rate 100mbit burst 8k limit 100k
ip link set up0 master xenbr0
serves 'when a port joins whose capacity can be measured'
is "$(cat /sys/class/net/dmvl-up/master/ifindex)" "$(cat /sys/class/net/xenbr0/ifindex)" 'the TAP is in the bridge that was made again'
back_stop
tc qdisc del dev up0 root
world ip link set world0 down
check 'the card has no link' wait_for 30 sh -c '[ "$(cat /sys/class/net/up0/operstate)" != up ]'
tests_for
is $? 1 'dmvl-back -t fails for a card without a link, if no capacity is given'
like "$(cat err)" '*capacity of uplink default is not known yet: up0,*has no link*' 'dmvl-back -t says that the card has no link'
check 'dmvl-back -t does not mind it if a capacity is given' tests_for --tx-capacity 1gbit
starts_without no-link 'the card has no link' 'up0, by which frames leave the host, has no link'
like "$(dmvlctl check 2>&1)" '*dmvl-back waits: *up0, by which frames leave the host, has no link*' 'dmvlctl check says that dmvl-back waits for a link'
ip link del dmvl-up
xenstore-write "$uplink/tx-capacity" 1000000000
serves 'when it gets a capacity while the card has no link'
check 'the TAP that was deleted while it waited is there again' test -e /sys/class/net/dmvl-up
back_stop
xenstore-rm "$uplink/tx-capacity"
starts_without policy 'the card has no link, and there is a policy' 'up0, by which frames leave the host, has no link'
printf '[uplink default]\ntx-capacity = 100mbit\n' >policy.conf
kill -HUP "$back"
serves 'when the policy that is read again has a capacity'
back_stop
xenstore-rm "$uplink/tx-capacity"
starts_without saved 'the card has no link, before a policy is saved' 'up0, by which frames leave the host, has no link'
is "$(xenstore-read "$uplink/policy")" "$PWD/policy.conf" 'a dmvl-back that waits says where its policy is'
mkdir policy.d
printf '[g1]\nweight = 321\n' >policy.d/g1.conf
printf '[uplink default]\nhost-weight = 77\ntx-capacity = 200mbit\n' >policy.new
mv policy.new policy.conf
serves 'when a policy that is saved, without SIGHUP, has a capacity'
check 'a key of the uplink that was saved while dmvl-back waited is in force' wait_for 30 key_is "$uplink/host-weight" 77
check 'a guest that was named while dmvl-back waited is attached' wait_for 30 key_is "$(be g1)/weight" 321
back_stop
xenstore-rm "$uplink/tx-capacity"
starts_without wrong 'the card has no link, before a wrong policy is saved' 'up0, by which frames leave the host, has no link'
printf '[g1]\nweight = heavy\n' >policy.d/g1.conf
check 'a mistake that is saved while dmvl-back waits is in the log' wait_for 30 grep -q 'policy.d/g1.conf:2: weight' wrong.log
xenstore-write "$uplink/tx-capacity" 1000000000
serves 'when a wrong policy was saved while it waited'
is "$(xenstore-read "$(be g1)/weight")" 321 'the guest has the weight of the policy before'
rm -r policy.d
back_stop
xenstore-rm "$uplink/tx-capacity"
starts_without veth 'the link is not there yet' 'up0, by which frames leave the host, has no link'
world ip link set world0 up
check 'dmvl-back ends when the link is there and does not tell the capacity' wait_for 30 ended "$back"
wait "$back"
is $? 2 'dmvl-back ends with status 2 then'
like "$(cat veth.log)" '*cannot be measured: up0 is a veth device*--tx-capacity*' 'dmvl-back says what the link lacks'

card_plug up0 1000 down
starts_without nic 'a network card has no link' 'up0, by which frames leave the host, has no link'
card up0 1000 up
serves 'when the network card has a link'
check 'the capacity is that of the card' wait_for 30 key_is "$uplink/capacity-source" speed
back_stop
card_unplug up0

# ---- A TAP that another process holds for a moment
ip tuntap add dmvl-up mode tap
dmvl-back -n other --uplink tap:dmvl-up --tx-capacity 1gbit 2>other.log &
other=$!
check 'another process holds the TAP' wait_for 30 grep -q 'version .*: uplink' other.log
begin busy --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
kill -9 $other
serves 'when the process that held its TAP was killed'
back_stop
dmvl-back -n other --uplink tap:dmvl-up --tx-capacity 1gbit 2>other.log &
other=$!
check 'another process holds the TAP again' wait_for 30 grep -q 'version .*: uplink' other.log
begin held --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
check 'dmvl-back gives up a TAP that another process keeps' wait_for 30 ended "$back"
wait "$back"
is $? 2 'dmvl-back ends with status 2 if another process keeps its TAP'
like "$(cat held.log)" '*another process holds it*' 'dmvl-back says that another process holds the TAP'
kill $other
wait $other
done_testing
