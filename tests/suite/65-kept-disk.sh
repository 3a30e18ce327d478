#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The disk with what is remembered is full, away or damaged: devices go on, and dmvlctl check says it.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'the disk is played here'

checked()
{
	dmvlctl check | grep -q "$1"
}

uplink_setup
mkdir small
mount -t tmpfs -o size=16k,mode=700 tmpfs small
head -c 20000 /dev/zero >small/fill 2>/dev/null
back_start --tx-capacity 100mbit --state-dir "$PWD/small"
check 'guest f1 is created' guest_create f1
ldp f1 9 weight=300 allowed-ip=10.77.1.9
check 'a device whose settings cannot be remembered passes traffic' talks f1
check 'dmvlctl check says that the disk is full' wait_for 20 checked 'uplink default: cannot .*small/default.*No space left on device'
is "$(grep -c 'No space left' back.1.log)" 1 'the log says once that the disk is full'
xenstore-write "$(be f1)/weight" 301
guest_again f1
agent_start f1
check 'a guest comes back from memory while the disk is full' wait_for 20 connected f1
is "$(xenstore-read "$(be f1)/weight")" 301 'a guest comes back from memory with the last that was set'
rm small/fill
uuid=$(xenstore-read "$(be f1)/guest-uuid")
check 'what the full disk refused is written when there is room' wait_for 40 grep -qx 'weight = 301' "small/default/$uuid"
check 'dmvlctl check is content when there is room' wait_for 20 dmvlctl check

# Damaged by whatever: no device comes back from it, and it is named.
head -n 2 "small/default/$uuid" >beginning
cat beginning >"small/default/$uuid"
check 'dmvlctl check names a file that is cut off, and its line' checked "uplink default: .*/small/default/$uuid: line 2: it is cut off"
old=$(guest_domid f1)
guest_again f1
check 'the log names a file that is cut off' wait_for 20 grep -q "$uuid: line 2: it is cut off" back.1.log
# Where the old device had news that nobody had read, its end wrote the whole file again.
none_or_whole()
{
	no_node "$(be f1)" || [ "$(xenstore-read "$(be f1)/weight")" = 301 ]
}
check 'no part of a device comes back from a file that is cut off' none_or_whole
check 'no node of the old domain stays' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
# Then the device may come back between two commands.
attached_by_hand()
{
	dmvlctl detach f1 >&2
	dmvlctl attach f1 weight=9
}
check 'a guest whose file is damaged is attached by hand' wait_for 20 attached_by_hand
check 'a damaged file is replaced' wait_for 20 grep -qx 'weight = 9' "small/default/$uuid"
check 'dmvlctl check tells of the damaged file that stays' checked "uplink default: .*/small/default/$uuid.damaged: what was set for this guest was damaged"
is "$(cat "small/default/$uuid.damaged")" "$(cat beginning)" 'the damaged file is as it was'
rm "small/default/$uuid.damaged"
check 'dmvlctl check is content when the damaged file was removed' dmvlctl check

# Damaged while the guest runs, and a key is refused: only the file knows what it was.
dmvlctl set f1 tx-max=7mbit >&2
check 'a limit is remembered' wait_for 20 grep -qx 'tx-max = 7000000' "small/default/$uuid"
xenstore-write "$(be f1)/tx-max" banana
wait_for 20 key_like "$(be f1)/error" '*tx-max*'
sed 's/^weight/\xff/' "small/default/$uuid" | grep -v '^# end' >"small/half"
cat small/half >"small/default/$uuid"
rm small/half
check 'dmvlctl check names the damaged line' checked "uplink default: .*/small/default/$uuid: line [0-9]*: "
xenstore-write "$(be f1)/weight" 11
check 'what is set next is remembered' wait_for 20 grep -qx 'weight = 11' "small/default/$uuid"
check 'a refused key of a half damaged file stays remembered' grep -qx 'tx-max = 7000000' "small/default/$uuid"
check 'the half damaged file stays' test -e "small/default/$uuid.damaged"
rm "small/default/$uuid.damaged"
xenstore-rm "$(be f1)/tx-max"
check 'dmvlctl check is content at the end' wait_for 20 dmvlctl check

# What cannot be read, or removed, cannot be forgotten: whoever detaches the device is told.
mv "small/default/$uuid" kept.file
mkdir "small/default/$uuid"
like "$(dmvlctl detach f1 2>&1)" "*cannot read */small/default/$uuid*the device may come back when the guest does*" \
	'detach says that the file cannot be read'
check 'the log says that too' grep -q "what was set for it cannot be forgotten, so it may come back with its guest: cannot read .*/small/default/$uuid" back.1.log
rmdir "small/default/$uuid"
dmvlctl attach f1 weight=9 >&2
wait_for 20 grep -qx 'weight = 9' "small/default/$uuid"
mount -o remount,ro small
like "$(dmvlctl detach f1 2>&1)" "*dmvl-back could not remove it from */small/default/$uuid: the device may come back when the guest does*" \
	'detach says that the file cannot be removed'
check 'dmvlctl check says that the file cannot be removed' wait_for 20 checked "uplink default: cannot remove .*small/default/$uuid.*detached since is lost if this daemon ends"
is "$(dmvlctl detach f1 2>&1 | grep -c 'has no device')" 1 'the device is detached'
mount -o remount,rw small
check 'it is forgotten when the disk takes it' wait_for 40 test ! -e "small/default/$uuid"
dmvlctl attach f1 weight=9 >&2
wait_for 20 grep -qx 'weight = 9' "small/default/$uuid"

# The directory goes, and comes back when something must be remembered.
rm -r small/default
check 'dmvlctl check says that the directory is missing' checked 'small/default: No such file'
xenstore-write "$(be f1)/weight" 10
check 'a directory that was removed is made again' wait_for 20 grep -qx 'weight = 10' "small/default/$uuid"

# Somebody else's file cannot be read as one of a guest.
kill -9 "$back"
wait "$back"
echo banana >small/default/ffffffff-0000-0000-0000-000000000000
ln -s /etc/passwd small/default/ffffffff-0000-0000-0000-000000000001
back_start --tx-capacity 100mbit --state-dir "$PWD/small"
check 'dmvl-back starts beside files that are none of its own' wait_for 20 key_is "$uplink/state" running
check 'dmvlctl check names a file that is no text of dmvl-back' checked 'ffffffff-0000-0000-0000-000000000000: line 1: .*banana'
check 'dmvlctl check names a link' checked 'ffffffff-0000-0000-0000-000000000001: Too many levels'
back_stop

# No directory can be made.
touch file
back_start --tx-capacity 100mbit --state-dir "$PWD/file/sub"
check 'dmvl-back starts without a directory' wait_for 20 key_is "$uplink/state" running
check 'dmvlctl check says why there is no directory' wait_for 20 checked 'file/sub.*: Not a directory'
agent_start f1
check 'a device connects without a directory' wait_for 20 connected f1
back_stop
check 'a dmvl-back that ends says of which guest something is not on the disk' \
	grep -q "what was set or detached last for the guest f1, UUID $uuid is not on the disk" "$_log"
umount small
done_testing
