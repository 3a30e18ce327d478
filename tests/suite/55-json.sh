#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# What dmvlctl prints with --json: each command's is in the schema, and always JSON, whatever a guest is called.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: it needs the source tree'

export TZ=Asia/Kolkata # five hours and a half from UTC
schema=$SUITE_TOP/docs/dmvlctl.schema.json
tried=' '

# fits PART: out is what the schema says of it.
fits()
{
	"$SUITE_TOP/tests/json-check" "$schema" "$1" <out
}

# prints PART COMMAND..: what it prints is what the schema says of that part.
prints()
{
	_part=$1
	shift
	tried="$tried$1 "
	dmvlctl "$@" --json >out
	check "$* --json is what the schema says of $_part" fits "$_part"
}

in_schema()
{
	python3 -c 'import json, sys; sys.exit(sys.argv[2] not in json.load(open(sys.argv[1]))["$defs"])' "$schema" "$1"
}

was_tried()
{
	case $tried in *" $1 "*) ;; *) return 1 ;; esac
}

# takes_json: the commands whose -h lists --json.
takes_json()
{
	dmvlctl -h | sed -n 's/^  \([a-z-]*\) .*/\1/p' | while read -r command; do
		! dmvlctl "$command" -h | grep -q -- --json || echo "$command"
	done
}

seconds_are_logged()
{
	dmvlctl log --json | grep -q '"type":"lent"'
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
ldp g1 1 tx-max=$((SUITE_RATE / 4)) group=web
ldp g2 2
talks g1
talks g2
prints admit admit tx-min=1mbit
prints attach attach g3 # its guest has no agent
bad=$(printf 'gr\374\337\303')
xenstore-write "/local/domain/$(guest_domid g2)/name" "$bad"
is "$(xenstore-read "/local/domain/$(guest_domid g2)/name")" 'gr\xfc\xdf\xc3' 'a guest is called by what is no UTF-8'
g2=$(guest_domid g2)

# One lends to the other.
sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 2)) -l 1400
check 'seconds are logged' wait_for 60 seconds_are_logged

prints list list
check 'a byte of a name that is no character is U+FFFD in JSON' \
	python3 -c 'import json; assert "gr\ufffd\ufffd\ufffd" in [d["domain"] for d in json.load(open("out", encoding="utf-8"))["ldps"]]'
prints show show "$g2"
prints set set "$g2" weight=300
prints groups groups
prints group group web weight=200
prints stat stat
prints top top
prints report report
check 'the report has both guests that send' grep -q '"exists":true' out
dmvlctl record --for 2s json.rec >&2
prints whatif whatif json.rec g1 weight=300
prints log log
prints log-record log --raw
dmvlctl log --json | grep '"type":"lent"' >out
check 'a second of log --json is no record' sh -c "! '$SUITE_TOP/tests/json-check' '$schema' log-record <out"
check 'a time in JSON is local, and has its zone' grep -q '"time":"20[0-9-]*T[0-9:.]*+05:30"' out
check 'a second of log --json is what the schema says of log-second' fits log-second
prints uplinks uplinks
prints uplink uplink default
xenstore-write "$(be g1)/weigth" "$bad"
prints check check
check 'check finds something' grep -q '"kind":"unknown-key"' out
xenstore-rm "$(be g1)/weigth"
xenstore-write "$(be g1)/allowed-ip" "$bad"
prints show show g1
xenstore-write "$(be g1)/allowed-ip" ''
prints doctor doctor
prints release-vifs release-vifs
saved_is_there()
{
	dmvlctl saved --json | grep -q '"weight":"300"'
}
check 'what was set is saved' wait_for 30 saved_is_there
prints saved saved
prints export export "$g2"
dmvlctl export "$g2" >travels
prints import import travels
prints detach detach g3
guest_create t1
dmvlctl attach t1 >&2
dmvlctl set t1 weight=9 >&2
uuid=$(xenstore-read "$(be t1)/guest-uuid")
guest_destroy t1
check 'the device of a destroyed guest goes' wait_for 30 no_node "$(be t1)"
prints forget forget "$uuid"
xenstore-write /local/domain/0/data/dmvl/old/state stopped
prints forget-uplink forget-uplink old
back_stop
prints report report

# ---- none is forgotten

for command in $(takes_json); do
	check "$command is in the schema" in_schema "$command"
	check "the JSON of $command was looked at here" was_tried "$command"
done
is "$(takes_json | wc -l | xargs test 20 -le && echo enough)" enough 'the commands that take --json are found'
done_testing
