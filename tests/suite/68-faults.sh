#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Faults at random, of five guests, two dmvl-back, xenstore, the disk and the policy: whatever happens, each guest has
# all that was set for it, and nothing is left over. `make soak-faults` does this for ten minutes, FAULTS and FAULT_SEED
# say how many and which. FAULT_ANY_TIME=1 suspends guests at any moment, also in the gaps that docs/resume.md tells of:
# then their kernels may complain.
# shellcheck source=tests/suite/lib.sh disable=SC2154
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: there are too many faults for an emulated machine'
# shellcheck source=tests/faults/wanted.sh
. "$SUITE_TOP/tests/faults/wanted.sh"
# shellcheck source=tests/faults/faults.sh
. "$SUITE_TOP/tests/faults/faults.sh"

: "${FAULTS:=50}" "${FAULT_SEED:=1}"
[ "${VALGRIND:-}" != 1 ] || FAULTS=10
_seed=$FAULT_SEED _macs=0 _nth=0
tab=$(printf '\t')

# ---- The begin ----

# begin NAME IDS: a guest with devices of these numbers.
begin()
{
	guest_create "$1"
	eval "name_$1=$1 ids_$1='$2' here_$1=1 uuid_$1=$(_uuid "$1")"
	guests="${guests-} $1"
}

# attach ID: to $n, if the policy has not done so. The operator knows what address it got.
attach()
{
	xenstore-exists "$(be "$n" "$1")/mac" || dmvlctl attach "$n/$1" >&2
	_own=$(xenstore-read "$(be "$n" "$1")/mac")
	eval "own_${g}_$1=$_own"
	printf 'mac\town\t%s\n' "$_own" >"model/$g.$1"
}

policy_begin()
{
	for _section in m2/1 m3 r3 "$uuid_m4" default; do
		printf '%s\t\t\t\n' "$_section" >>policy.now
	done
	policy_put m2/1 uplink second second
	policy_put m3 weight 300 300
	policy_put r3 tx-max 40000000 40%
	policy_put "$uuid_m4" latency low low
	policy_write
}

world_begin()
{
	uplink_setup
	ip link add xenbr1 type bridge
	ip link set xenbr1 up
	mkdir state model
	mount -t tmpfs -o size=256k,mode=700 tmpfs state
	wanted_keys
	awk -F '\t' -v OFS='\t' '$6 != "attach" || $1 == "mac" { print $1, $3, $4, $5 }' keys >settable
	settable=$(wc -l <settable)
	: >differs
}

# ---- What is held ----

# held: what each daemon and each agent holds, a line each.
held()
{
	for _who in default second; do
		eval "_pid=\$pid_$_who"
		echo "$_who fds $(find "/proc/$_pid/fd" -mindepth 1 | wc -l)"
		echo "$_who maps $(grep -c memfd:grant "/proc/$_pid/maps")"
		echo "$_who threads $(find "/proc/$_pid/task" -mindepth 1 -maxdepth 1 | wc -l)"
	done
	for _file in model/*.?; do
		of_device "$_file"
		eval "_pid=\$agent_${_of}_$_id"
		echo "agent of $_of/$_id fds $(find "/proc/$_pid/fd" -mindepth 1 | wc -l)"
	done
	echo "zombies $(zombies | wc -l)"
}

# held_no_more: an agent may hold less, which depends on how it began.
held_no_more()
{
	held >held.after
	paste -d ' ' held.before held.after | awk '{ if ($NF > $(NF / 2)) exit 1 }'
}

# memory UP: resident, in KiB.
memory()
{
	eval "_pid=\$pid_$1"
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$_pid/status"
}

# all_here: no guest is away, and all is as it should be.
all_here()
{
	for _g in $guests; do
		take "$_g"
		[ "$here" = 1 ] || f_comes
	done
	calm
}

# figures: for the bench. Where the daemons' memory is their own, it does not grow.
figures()
{
	read -r _up _ </proc/uptime
	metric "seed $FAULT_SEED" faults number "$(wc -l <faults.log)" 1
	metric "seed $FAULT_SEED" faults duration $((${_up%.*} - begun)) s
	sort faults.log | cut -d ' ' -f 1 | uniq -c | while read -r _count _fault; do
		metric "seed $FAULT_SEED" "${_fault#f_}" number "$_count" 1
	done
	for _who in default second; do
		eval "_before=\$memory_$_who"
		metric "seed $FAULT_SEED" "dmvl-back $_who" memory-before "$_before" KiB
		metric "seed $FAULT_SEED" "dmvl-back $_who" memory-after "$(memory $_who)" KiB
		between "$(memory $_who)" 0 $((_before + 1024)) "the memory of the dmvl-back $_who does not grow"
	done
}

# ---- Rounds ----

# faults N FAULT..: N of them, some at a time, and a look after each time. Ends with the first loss.
faults()
{
	_last=$(($(wc -l <faults.log) + $1))
	shift
	while [ "$(wc -l <faults.log)" -lt $_last ] && [ ! -s differs ]; do
		roll 4
		_burst=$roll
		while [ "$_burst" -ge 0 ] && [ ! -s differs ]; do
			fault "$@"
			_burst=$((_burst - 1))
		done
		calm
	done
}

# witness: the guest whose settings stay reaches the world.
witness()
{
	guest_net w1 9 2>/dev/null
	talks w1
}

# check_says_no_more: prints what dmvlctl check says, but for the differences from the policy that were set, each with the
# commands below it.
check_says_no_more()
{
	dmvlctl check >said
	[ $? -le 1 ] || return
	awk '/^[^ ]/ { set = /the policy says/ } !set { print; found = 1 } END { exit found }' said
}

# part NAME N FAULT..
part()
{
	_part=$1
	shift
	faults "$@"
	is "$(head -n 20 differs)" '' "$_part: nothing that was set is lost, and nothing is left over"
	[ -s differs ] || return
	diag "seed $FAULT_SEED, after $(wc -l <faults.log) faults, the last of them:"
	diag "$(tail -n 12 faults.log)"
	cp -r state model is.* wanted.* "$PWD" 2>/dev/null
	done_testing
	exit 1
}

read -r up _ </proc/uptime
begun=${up%.*}
world_begin
begin m1 0
begin m2 '0 1'
begin m3 0
begin m4 0
begin w1 0
policy_begin
link_start default
link_start second
up_start default
up_start second
for device in m2/1 m3/0 m4/0; do
	soon xenstore-exists "$(be "${device%/*}" "${device#*/}")/mac"
done
for g in $guests; do
	take "$g"
	for id in $ids; do
		attach "$id"
	done
	agents_start
done
: >faults.log
calm
is "$(cat differs)" '' 'at the begin all is as the model says'

# shellcheck disable=SC2086
part 'with all faults' $((FAULTS * 6 / 10)) $faults_all
all_here
is "$(head -n 20 differs)" '' 'after faults of all kinds all guests come back as they were'
check 'after faults of all kinds the witness pings the world' witness

# No daemon ends from here on: what they hold may be compared.
ups='default second'
ups_end TERM
ups_start
# shellcheck disable=SC2086
part 'with faults that end no daemon' $((FAULTS / 20)) $faults_lasting
all_here
held >held.before
memory_default=$(memory default) memory_second=$(memory second)
# shellcheck disable=SC2086
part 'with more such faults' $((FAULTS * 7 / 20)) $faults_lasting
all_here
is "$(head -n 20 differs)" '' 'at the end all guests are as they were'
check 'the daemons and agents hold no more than before' soon held_no_more
diff held.before held.after | sed 's/^/# /'
check 'the witness pings the world at the end' witness
check 'dmvlctl check has no complaint at the end' soon check_says_no_more
check_says_no_more >found || diag "it says: $(cat found)"
check 'the kernels of the guests do not complain' console_clean w1
[ -z "${BENCH_JSON:-}" ] || figures
diag "$(wc -l <faults.log) faults, seed $FAULT_SEED"
ups_end TERM
umount state
done_testing
