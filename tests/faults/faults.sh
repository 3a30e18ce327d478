# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults, at random, of guests, daemons, operator, policy, disk and host, a file for each kind; each tells the model
# (wanted.sh) what the operator did. After wanted.sh.

# shellcheck source=tests/faults/chance.sh
. "$faults_dir/chance.sh"
# shellcheck source=tests/faults/world.sh
. "$faults_dir/world.sh"
# shellcheck source=tests/faults/guests.sh
. "$faults_dir/guests.sh"
# shellcheck source=tests/faults/daemons.sh
. "$faults_dir/daemons.sh"
# shellcheck source=tests/faults/operator.sh
. "$faults_dir/operator.sh"
# shellcheck source=tests/faults/policy.sh
. "$faults_dir/policy.sh"
# shellcheck source=tests/faults/host.sh
. "$faults_dir/host.sh"

# The faults, each as often as it stands here; those of the second list end no daemon.
faults_all='f_again f_again f_again f_restore f_restore f_checkpoint f_soft_reset f_migrate f_gone f_domid_again
	f_domid_again_absent f_rename f_rename f_other_uuid f_agent f_agent f_agent_absent f_back f_back f_restore_absent f_restore_middle f_restore_middle
	f_restore_stopped f_again_absent f_xenstored f_set f_set f_set f_write f_malformed f_set_and_again f_reattach
	f_detached f_policy f_policy f_policy_absent f_policy_mistake f_disk f_host f_import f_import f_locked f_locked'
faults_lasting='f_again f_again f_restore f_restore f_checkpoint f_soft_reset f_migrate f_gone f_domid_again f_rename
	f_other_uuid f_agent f_agent_absent f_restore_stopped f_xenstored f_set f_set f_write f_malformed f_set_and_again
	f_detached f_policy f_policy_mistake f_import f_locked'

# fault FAULT..: one of them, to one of the guests. A guest that is away comes; the witness keeps its settings and
# only one guest has other names.
fault()
{
	pick "$@"
	_fault=$pick
	# shellcheck disable=SC2086 # one word each
	pick $guests
	take "$pick"
	case $_fault-$g in
	f_set-w1 | f_write-w1 | f_set_and_again-w1 | f_reattach-w1 | f_disk-w1 | f_import-w1) _fault=f_restore ;;
	f_rename-* | f_other_uuid-*) take m3 ;;
	f_detached-*) pick m3 m4; take "$pick" ;;
	esac
	[ "$here" = 1 ] || _fault=f_comes
	read -r _up _ </proc/uptime
	echo "$_fault $g $_up" >>faults.log
	"$_fault" >&2
}
