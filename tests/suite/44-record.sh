#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl record: what is recorded is what dmvlctl stat counts.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# counted DEVICE: the bytes that the device has sent, by dmvlctl stat.
counted()
{
	dmvlctl stat "$1" --json | tr -d ' \n' | sed -n 's/.*"tx-bytes":\([0-9]*\),"tx-uplink.*/\1/p'
}

# recorded FILE NAME: the bytes that devices of a domain of this name have sent in the recording.
recorded()
{
	awk -v name="$2" '
		$1 == "D" { of[$2] = $7 }
		$1 == "F" && $3 == "t" && of[$2] == name { n += $4 }
		END { print n + 0 }' "$1"
}

# has FILE PATTERN: for wait_for.
has()
{
	grep -q "$2" "$1"
}

# reached FILE NAME BYTES: for wait_for.
reached()
{
	[ "$(recorded "$1" "$2")" -ge "$3" ]
}

# agrees FILE NAME: what is recorded is not ahead of what stat counts, and gets there.
agrees()
{
	_recorded=$(recorded "$1" "$2")
	_stat=$(counted "$2")
	diag "$2: recorded were $_recorded bytes, then stat counted $_stat"
	[ "$_recorded" -gt 0 ] && [ "$_recorded" -le "$_stat" ] && wait_for 30 reached "$1" "$2" "$_stat"
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
ldp g1 1 weight=100
dmvlctl record first.rec >first.out 2>first.err &
recorder=$!
check 'a recording begins with its version' wait_for 30 has first.rec '^dmvl-record 1 [0-9]*$'
check 'a device that is there is recorded' wait_for 30 has first.rec '^D [0-9]* 0 [0-9]* 0 .* g1$'
ldp g2 2 weight=200
talks g1
talks g2
sink_start
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'a device that comes is recorded' wait_for 30 has first.rec '^D [0-9]* 0 [0-9]* 0 .* g2$'
check 'intervals are recorded' wait_for 30 has first.rec '^F [0-9]* t [0-9]* [0-9]* [1-9][0-9]* [1-9]'
check 'loans are recorded' wait_for 60 has first.rec '^L t [0-9]*/0 [0-9]*/0 [0-9]* lent$'
check 'limits are recorded' wait_for 60 has first.rec '^M t [0-9]*/0 share [0-9]*$'
check 'the weight in force is recorded' has first.rec '^K [0-9]* 200 0 0 0 0 -$'
dmvlctl set g2 tx-max=$((SUITE_RATE / 2)) >&2
check 'a limit that changes is recorded' wait_for 30 has first.rec "^K [0-9]* 200 0 $((SUITE_RATE / 2)) 0 0 -\$"
check 'what g2 sent is recorded as stat counts it' agrees first.rec g2
check 'so is what g1 sent' agrees first.rec g1
dmvlctl detach g2 >&2
check 'a device that goes is recorded' wait_for 30 has first.rec '^X [0-9]*$'
back_stop
check 'a daemon that is gone makes a gap' wait_for 30 has first.rec '^S 0 daemon-gone$'
back_start --tx-capacity "$SUITE_RATE"
check 'a daemon that comes back is recorded' wait_for 60 sh -c "sed '1,/^S 0/d' first.rec | grep -q '^D .* g1\$'"
kill -INT "$recorder"
wait "$recorder"
is $? 0 'SIGINT ends a recording in order'

# As nohup starts it.
(trap '' HUP && exec dmvlctl record nohup.rec) >&2 &
recorder=$!
check 'a recording under nohup begins' wait_for 30 has nohup.rec '^D .* g1$'
kill -HUP "$recorder"
dmvlctl set g1 weight=123 >&2
check 'a recording under nohup goes on after SIGHUP' wait_for 30 has nohup.rec '^K [0-9]* 123 '
kill "$recorder"
wait "$recorder"
like "$(tail -n 1 first.rec)" 'E [0-9]*' 'its last record says so'
like "$(cat first.out)" '"first.rec": intervals: [1-9]*, devices: 3, gaps: 1' 'what was recorded is read back'
diag "$(cat first.err)"

dmvlctl record killed.rec &
recorder=$!
check 'another recording begins' wait_for 30 has killed.rec '^D '
kill -9 "$recorder"
wait "$recorder"
is "$(tail -c 1 killed.rec | od -An -tx1 | tr -d ' ')" 0a 'after kill -9 a recording ends with a whole record'
is "$(dmvlctl record killed.rec 2>&1; echo $?)" 'dmvlctl: error: "killed.rec" exists: name a new file
1' 'a file that exists is not overwritten'
like "$(dmvlctl record --for 1s timed.rec; echo $?)" '"timed.rec": intervals: [1-9]*, devices: 1, gaps: 0
0' 'a recording ends after --for and says what is in it'
like "$(tail -n 1 timed.rec)" 'E [0-9]*' 'in order'
like "$(dmvlctl record --uplink nosuch x.rec 2>&1; echo $?)" '*there is no uplink nosuch*1' 'an uplink must be there'
is "$(dmvlctl record --for soon x.rec >/dev/null 2>&1; echo $?)" 2 'a time that is none is refused'
is "$(dmvlctl record --size 1kib x.rec >/dev/null 2>&1; echo $?)" 2 'so is a size that is too small'
dmvlctl record --size 4kib sized.rec 2>sized.err
is $? 0 'a recording ends when the file has the size that --size allows'
check 'the file is no longer than that' [ "$(stat -c %s sized.rec)" -le 4096 ]
like "$(tail -n 1 sized.rec)" 'E [0-9]*' 'and it ended in order'
like "$(cat sized.err)" '*"sized.rec" has the size that --size allows*' 'one sentence says why it ended'
mkdir small
mount -t tmpfs -o size=8k tmpfs small
head -c 4096 /dev/zero >small/filler
is "$(dmvlctl record small/full.rec 2>&1; echo $?)" \
	'dmvlctl: error: cannot write "small/full.rec": No space left on device; what was recorded before is whole
1' 'a full disk is one sentence'
is "$(tail -c 1 small/full.rec | od -An -tx1 | tr -d ' ')" 0a 'a full disk leaves a file that ends with a whole record'
check 'a full disk leaves what was recorded before' has small/full.rec '^D [0-9]* 0 [0-9]* 0 .* g1$'
umount small

# An uplink that comes while a recording is under way. All traffic is on it, so loans of the recording are its own.
dmvlctl detach g1 >&2
dmvlctl record later.rec >&2 &
recorder=$!
check 'a recording begins before the second uplink is there' wait_for 30 has later.rec '^U 0 default$'
dmvl-back -n second --uplink tap:dmvl-up2,bridge=xenbr0 --tx-capacity "$SUITE_RATE" 2>back.second.log &
second=$!
check 'an uplink that comes later is recorded' wait_for 30 has later.rec '^U 1 second$'
dmvlctl attach g1 weight=100 uplink=second >&2
dmvlctl attach g2 weight=200 uplink=second >&2
check 'g1 connects through the second uplink' wait_for 60 connected g1
check 'g2 connects through the second uplink' wait_for 60 connected g2
talks g1
talks g2
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'the loans of an uplink that came later are recorded' wait_for 60 has later.rec '^L t [0-9]*/0 [0-9]*/0 [0-9]* lent$'
kill "$recorder"
wait "$recorder"
kill "$second"
wait "$second"
back_stop
done_testing
