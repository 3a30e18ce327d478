#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl capture: each frame of a device once, whichever way it goes; what ends a capture, and what it costs
# others.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# Of these frames the guest's kernel sends none.
ours='ether proto 0x88b5'

# capture NAME ARG..: runs beside the test, with its output in NAME.out and NAME.err. $capture is its process id.
capture()
{
	_name=$1
	shift
	rm -f "$_name.err"
	dmvlctl capture "$@" >"$_name.out" 2>"$_name.err" &
	capture=$!
	wait_for 30 grep -q 'capturing ' "$_name.err"
}

# capture_end: its exit status.
capture_end()
{
	kill -INT "$capture"
	wait "$capture"
}

# frames FILE: a line for each frame of a pcapng file: tx or rx, its length, bytes that are there, frames lost
# before it, and the comment; and one for the statistics: isb, frames seen, lost, accepted.
frames()
{
	od -An -v -tu4 -w4 "$1" | awk '
	function text(at, len,   s, i) {
		s = ""
		for (i = 0; i < len; i++)
			s = s sprintf("%c", int(w[at + int(i / 4)] / 256 ^ (i % 4)) % 256)
		return s
	}
	# The options from word o to word end.
	function options(o, end,   code, len) {
		split("", option)
		while (o < end) {
			code = w[o] % 65536
			len = int(w[o] / 65536)
			if (code == 0) break
			option[code] = code == 1 ? text(o + 1, len) : w[o + 1]
			o += 1 + int((len + 3) / 4)
		}
	}
	{ w[NR] = $1 }
	END {
		if (w[1] != 168627466 || w[3] != 439041101) { print "no pcapng"; exit }
		for (i = 1; i <= NR; i += len) {
			len = w[i + 1] / 4
			if (len < 3 || w[i + len - 1] != len * 4) { print "a damaged block"; exit }
			if (w[i] == 6) {
				options(i + 7 + int((w[i + 5] + 3) / 4), i + len - 1)
				print option[2] == 2 ? "tx" : option[2] == 1 ? "rx" : "?", w[i + 6],
					w[i + 5], option[4] + 0, option[1]
			} else if (w[i] == 5) {
				options(i + 5, i + len - 1)
				print "isb", option[4], option[5], option[6]
			}
		}
	}'
}

# count FILE PATTERN: frames of which the line matches.
count()
{
	frames "$1" | grep -Ec -- "$2"
}
counts()
{
	[ "$(count "$1" "$2")" -eq "$3" ]
}

# number FIELD GUEST: of its statistics.
number()
{
	dmvlctl stat "$2" --json | tr -d ' \n' | sed -n "s/.*\"$1\":\\(-*[0-9]*\\).*/\\1/p"
}

# agrees FILE PATTERN FIELD GUEST: as many as the statistics say.
agrees()
{
	[ "$(number "$3" "$4")" -eq "$(count "$1" "$2")" ]
}

uplink_setup
back_start
run=$(dirname "$(xenstore-read "$uplink/log-path")")
ldp g2 2
talks g2

# A capture that begins before the device connects has all that the statistics count.
dmvlctl attach g1 >&2
check 'a capture of a device that is not connected yet begins' capture g1 g1 -w g1.pcapng
g1=$capture
check 'a second capture of another device begins' capture g2 g2 -w g2.pcapng "$ours"
g2=$capture
is "$(stat -c %a "$run/default.capture")" 600 'only root may use the socket'
agent_start g1
check 'g1 connects while it is captured' wait_for 60 connected g1
guest_net g1 1 >&2
talks g1
mac1=$(mac g1 dmvl0) mac2=$(mac g2 dmvl0) world=$(mac world world0)

# Frames to the world, from it, and to another guest.
guest g1 dmvl-frames send -i dmvl0 -d "$world" -c 100 -l 200 >&2
world dmvl-frames send -i world0 -d "$mac1" -c 50 -l 300 >&2
guest g1 dmvl-frames send -i dmvl0 -d "$mac2" -c 30 -l 400 >&2
guest g2 dmvl-frames send -i dmvl0 -d "$mac1" -c 20 -l 500 >&2
check 'each frame to the world is captured once' wait_for 30 counts g1.pcapng '^tx 200 200 0 $' 100
check 'each frame from the world is captured once' wait_for 30 counts g1.pcapng '^rx 300 300 0 $' 50
check 'each frame to another guest is captured once, as sent' wait_for 30 counts g1.pcapng '^tx 400 ' 30
check 'each frame from another guest is captured once, as received' wait_for 30 counts g1.pcapng '^rx 500 ' 20
check 'a capture of that guest has the same frames as received' wait_for 30 counts g2.pcapng '^rx 400 ' 30
check 'a capture of that guest has those that it sent' wait_for 30 counts g2.pcapng '^tx 500 ' 20
is "$(count g2.pcapng '^(rx 400|tx 500) ')" "$(count g2.pcapng '^.x')" 'what the filter does not match is not there'

# Frames that do not arrive.
guest g1 dmvl-frames send -i dmvl0 -s 00:16:3e:00:00:77 -d "$world" -c 10 -l 210 >&2
check 'frames that are dropped have a comment with the reason' \
	wait_for 30 counts g1.pcapng '^tx 210 210 0 dropped: spoof-mac$' 10
dmvlctl set g1 vlan=7 >&2
world dmvl-frames send -i world0 -d "$mac1" -V 9 -c 5 -l 310 >&2
check 'frames that the guest may not receive are captured with the reason' \
	wait_for 30 counts g1.pcapng '^rx 310 310 0 dropped: rx-vlan$' 5
dmvlctl set g1 vlan=none >&2

# TCP with offloads: one frame is many segments. How many depends on how busy the machine is, as BBR and the kernel
# fit a frame to the round trip they measured, unless both are told.
guest g1 'cd /proc/sys/net/ipv4; echo reno >tcp_congestion_control; echo 45 >tcp_min_tso_segs'
talks g1
pipe_start g1 g2 10.77.1.2 5001 200001
check 'a TCP file from g1 reaches g2 while both are captured' pipe_wait g1 g2 5001
check 'a frame of many segments is captured whole' wait_for 30 count g1.pcapng '^tx [1-6][0-9]{4} '
check 'the statistics count as many sent frames as were captured' \
	wait_for 30 agrees g1.pcapng '^tx [0-9]+ [0-9]+ 0 $' tx-frames g1
check 'the statistics count as many received frames as were captured' \
	wait_for 30 agrees g1.pcapng '^rx [0-9]+ [0-9]+ 0 $' rx-frames g1
check 'the statistics count as many spoofed frames as were captured' \
	wait_for 30 agrees g1.pcapng 'dropped: spoof-mac' drop-spoof-mac g1

# The guest connects again, and is captured on.
agent_kill TERM g1 >&2
wait_for 30 agent_gone g1
agent_start g1
check 'g1 connects again' wait_for 60 connected g1
guest_net g1 1 >&2
talks g1
guest g1 dmvl-frames send -i dmvl0 -d "$world" -c 40 -l 220 >&2
check 'a device that connects again is captured on' wait_for 30 counts g1.pcapng '^tx 220 ' 40

# Ends.
capture=$g1
check 'SIGINT ends a capture in good order' capture_end
like "$(cat g1.err)" '*capturing g1/0 on the uplink default*g1/0: * frames captured, 0 not matched*, 0 lost*' \
	'the end says how many frames there were'
is "$(frames g1.pcapng | sed -n 's/^isb //p')" "$(count g1.pcapng '^.x') 0 $(count g1.pcapng '^.x')" \
	'the statistics of the file agree with its frames'
if command -v tcpdump >/dev/null; then
	is "$(tcpdump --count -r g1.pcapng 2>/dev/null)" "$(count g1.pcapng '^.x') packets" 'tcpdump reads the file'
fi
capture lines g1 --count 3 --snap 100 vlan 7 and "$ours"
guest g1 dmvl-frames send -i dmvl0 -d "$world" -V 7 -c 10 -l 200 >&2
check 'a capture ends after as many frames as it was told' wait "$capture"
is "$(sed 's/^[0-9:.]* //' lines.out | sort | uniq -c | sed 's/^ *//')" \
	"3 tx $mac1 > $world vlan 7 type 0x88b5, length 200, dropped: vlan" 'without -w there is a line for each frame'
capture short g1 --snap 64 -w short.pcapng "$ours" and len = 200
guest g1 dmvl-frames send -i dmvl0 -d "$world" -c 4 -l 200 >&2
check 'a frame is cut at the length that was told' wait_for 30 counts short.pcapng '^tx 200 64 ' 4
capture_end
check 'a capture ends after the time that it was told' dmvlctl capture g1 --for 100ms -w /dev/null
check 'a program in the pipe may end' sh -c "dmvlctl capture g1 --for 100ms -w - | head -c 1 >/dev/null"
check 'stdout is a file to write to' sh -c 'dmvlctl capture g1 --for 100ms -w - "$1" >std.pcapng' sh "$ours"
is "$(frames std.pcapng | cut -c 1-3)" isb 'stdout is a whole file'

# Bad input and other trouble, a sentence each.
is "$(dmvlctl capture g1 tcp port nonsense-port 2>&1; echo $?)" \
	"dmvlctl: error: filter \"tcp port nonsense-port\": unknown port 'nonsense-port'
2" 'a filter that is none is refused'
like "$(dmvlctl capture nosuch 2>&1; echo $?)" '*nosuch*1' 'a domain that is not there is an error'
like "$(dmvlctl capture g1/7 2>&1; echo $?)" '*device 7*1' 'a device that is not there is an error'
like "$(dmvlctl capture g1 --count 0 2>&1; echo $?)" '*--count "0": expected 1 to *2' 'a count of 0 is refused'
like "$(dmvlctl capture g1 --snap 99999999 2>&1; echo $?)" '*--snap *: expected 1 to *2' \
	'a length that no frame has is refused'
like "$(dmvlctl capture g1 -w /nonexistent/x 2>&1; echo $?)" '*/nonexistent/x: No such file*1' \
	'a file that cannot be made is an error'
like "$(dmvlctl capture g1 --for 10s -w /dev/full 2>&1; echo $?)" '*/dev/full: No space left on device*1' \
	'a full disk ends the capture'
if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	like "$(setpriv --reuid 65534 --clear-groups dmvlctl capture g1 2>&1; echo $?)" '*run as root*2' \
		'without privilege there is no capture'
fi

# goes_on: a frame of a length that no other has is in the file. Those before the reader has made room are lost.
goes_on()
{
	guest g1 dmvl-frames send -i dmvl0 -d "$world" -c 1 -l 1111 >&2
	count slow.pcapng '^tx 1111 '
}

# A reader that stands still loses frames, and holds up nobody.
capture slow g1 -w slow.pcapng less 2000
kill -STOP "$capture"
pipe_start g1 world 10.77.0.1 5001 20000001
check 'a TCP file passes while the reader of a capture stands still' pipe_wait g1 world 5001
kill -CONT "$capture"
check 'the reader goes on where there is room again' wait_for 30 goes_on
capture_end
read -r _ seen lost accepted <<EOT
$(frames slow.pcapng | grep '^isb')
EOT
check 'frames were lost' test "$lost" -gt 0
others=$(sed -n 's/.* \([0-9]*\) not matched.*/\1/p' slow.err)
is $((accepted + others + lost)) "$seen" 'each frame was taken or lost'
is "$(frames slow.pcapng | awk '/^[rt]x/ { n += $4 } END { print n }')" "$lost" 'the file says where frames were lost'

# One that is killed, and more than may run.
ended_in_back()
{
	[ "$(grep -c 'dmvl-capture' "/proc/$back/maps")" -eq "$1" ]
}
kill -9 "$g2"
check 'dmvl-back ends the capture of a reader that was killed' wait_for 30 ended_in_back 0
all=
for i in 1 2 3 4; do
	capture "many$i" g1 -w "many$i.pcapng" "$ours"
	all="$all $capture"
done
like "$(dmvlctl capture g1 2>&1; echo $?)" '*as many captures as it allows run already*1' 'a fifth capture is refused'
guest g1 dmvl-frames send -i dmvl0 -d "$world" -c 7 -l 230 >&2
for i in 1 2 3 4; do
	check "capture $i of the same device has its frames" wait_for 30 counts "many$i.pcapng" '^tx 230 ' 7
done
# shellcheck disable=SC2086
kill $all
# shellcheck disable=SC2086
wait $all
check 'all captures have ended' wait_for 30 ended_in_back 0

# A device that moves to another uplink ends it: nothing more would come.
capture moved g1 -w moved.pcapng "$ours"
dmvlctl detach g1 >&2
dmvlctl attach g1 uplink=elsewhere >&2
wait "$capture"
is $? 1 'a capture ends when the device moves to another uplink'
like "$(cat moved.err)" '*g1/0 is on the uplink elsewhere now, no more on default: the capture ends*' 'where the device moved is said'
dmvlctl detach g1 >&2
dmvlctl attach g1 >&2
check 'g1 connects again on its first uplink' wait_for 60 connected g1

# A device that goes does not end the capture, dmvl-back does.
capture last g1 -w last.pcapng "$ours"
dmvlctl detach g1 >&2
check 'a capture goes on without its device' kill -0 "$capture"
kill -9 "$back"
wait "$back"
wait "$capture"
is $? 1 'a capture ends with dmvl-back'
like "$(cat last.err)" '*the uplink default: its dmvl-back has ended*' 'the end is said'
like "$(dmvlctl capture g2 2>&1; echo $?)" '*its dmvl-back does not run*1' 'without dmvl-back there is no capture'
back_start
wait_for 60 connected g2
talks g2
check 'another dmvl-back takes captures' dmvlctl capture g2 --for 100ms -w /dev/null
back_stop
check 'an orderly end removes the socket' test ! -e "$run/default.capture"
done_testing
