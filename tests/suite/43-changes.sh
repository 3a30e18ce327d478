#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl log --changes: what changed at a time that the credit log does not reach, from a real journal.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

journald=/usr/lib/systemd/systemd-journald
[ -x $journald ] || skip_all 'there is no systemd-journald here'
unit=dmvl-back@default.service

# in_unit UNIT COMMAND..: as a service, whose standard error systemd connects to the journal.
cat >in_unit <<'END'
#!/usr/bin/python3
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/systemd/journal/stdout")
s.send(b"%s\n%s\n6\n1\n0\n0\n0\n" % (os.path.basename(sys.argv[2]).encode(), sys.argv[1].encode()))
os.dup2(s.fileno(), 2)
os.environ["JOURNAL_STREAM"] = "1:1"
os.execvp(sys.argv[2], sys.argv[2:])
END
chmod +x in_unit

# journal_start: of this boot of the host, or of that in the file boot_id.
journal_start()
{
	env -u LD_PRELOAD -u LD_LIBRARY_PATH $journald >&2 &
	journal=$!
	wait_for 30 ./in_unit $unit true # the socket is there before anybody listens
}

# recorded TEXT: in the journal, which may have taken the text and not have read it yet.
recorded()
{
	env -u LD_PRELOAD -u LD_LIBRARY_PATH journalctl --quiet | grep -qF "$1"
}

journal_stop()
{
	kill $journal
	wait $journal
	rm -f /run/systemd/journal/stdout
}

# has PATTERN [WORD..]: a line of the changes, behind its date and time.
has()
{
	_pattern=$1
	shift
	dmvlctl log --changes "$@" 2>changes.err | grep -qE "^20[0-9-]{8} [0-9:]{8} $_pattern\$"
}

service_start()
{
	./in_unit $unit dmvl-back --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity "$SUITE_RATE" &
	back=$!
}

mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' >/run/systemd/journald.conf.d/test.conf

# An earlier boot, in which domain 1 was another guest.
echo 11111111-2222-3333-4444-555555555555 >boot_id
mount --bind boot_id /proc/sys/kernel/random/boot_id
journal_start
printf '<6>1/0: in force: weight 7, tx-min 0, group none, guest old1\n<6>2/0: disconnected\n' >lines
./in_unit $unit sh -c 'cat lines >&2'
logger --socket /run/systemd/journal/dev-log -t dmvl-back '1/0: in force: weight 13, guest g1'
wait_for 30 recorded '2/0: disconnected'
wait_for 30 recorded 'weight 13'
journal_stop
umount /proc/sys/kernel/random/boot_id
journal_start

uplink_setup
service_start
check 'dmvl-back starts as a service' wait_for 30 has 'version .*: uplink default on dmvl-up'
ldps 'g1 1 weight=100' 'g2 2'
check 'log --changes has a device that came, by the name of its guest' has 'g1/0: in force: weight 100, .*, guest g1'
check 'log --changes has the guest of an earlier boot' has 'old1/0: in force: weight 7, .*'
check 'log --changes gives no guest of today a line of an earlier boot' has '2/0: disconnected'
check 'log --changes takes nothing from whoever calls itself dmvl-back' sh -c '! dmvlctl log --changes | grep "weight 13"'

dmvlctl set g1 tx-max=$((SUITE_RATE / 4)) >&2
check 'log --changes has a maximum' wait_for 30 has 'g1/0: in force: weight 100, .* tx-max [0-9.]+[km]bit, .*'
dmvlctl group web weight=77 >&2
check 'log --changes has the weight of a group' wait_for 30 has 'group web: in force: weight 77, .*'
dmvlctl uplink default host-weight=88 >&2
check "log --changes has the host's weight" wait_for 30 has 'uplink default: in force: host-weight 88, .*'
dmvlctl detach g2 >&2
check 'log --changes has a device that was detached' wait_for 30 has 'g2/0: detached'
check 'log --changes of a guest has its lines' has 'g1/0: connected' g1
check 'log --changes of a guest has no line of others' sh -c '! dmvlctl log --changes g1 | grep -v " g1/0: "'
check 'log --changes as JSON names the guest' sh -c \
	"dmvlctl log --changes --json | grep '\"domain\":\"g1\"' | grep -q '\"type\":\"said\".*\"text\":\"in force: weight 100'"
check 'log --changes as JSON is what the schema says' sh -c \
	"dmvlctl log --changes --json >out && '$SUITE_TOP/tests/json-check' '$SUITE_TOP/docs/dmvlctl.schema.json' log <out"

# The credit log is gone, and dmvl-back was started again: the journal still has it.
back_stop
rm -f /var/lib/dmvl/default/*.log
service_start
check 'dmvl-back starts again' wait_for 30 connected g1 || dmvlctl log --changes >&2
check 'log --changes goes back further than the credit log' has 'g1/0: in force: weight 100, .* tx-max 0, .*'
dmvlctl log --changes --since 3d >/dev/null 2>err
like "$(cat err)" '*the journal goes back to 20*' 'log --changes says how far it goes back'
begun=$(date +%s)
is_later()
{
	[ "$(date +%s)" -gt $((begun + 1)) ]
}
check 'the second of the last change is over' wait_for 10 is_later
dmvlctl log --changes --since "$(date +%T)" >late 2>err
is "$(cat late err)" '' 'log --changes prints nothing of before'
dmvlctl log --changes --follow g1 >followed 2>followed.err &
follower=$!
check 'log --changes --follow begins with what was' wait_for 30 grep -q 'g1/0: connected' followed
dmvlctl set g1 weight=222 >&2
check 'log --changes --follow goes on' wait_for 30 grep -q 'g1/0: in force: weight 222' followed
kill $follower
wait $follower
is "$(cat followed.err)" '' 'log --changes --follow has no error'

# Without a journal of dmvl-back's since the host's boot there is the credit log.
back_stop
journal_stop
rm -r /run/log/journal
back_start --tx-capacity "$SUITE_RATE"
check 'log --changes without a journal is the credit log' wait_for 30 sh -c "dmvlctl log --changes | grep -q ' dmvl-back was started$'"
back_stop
done_testing
