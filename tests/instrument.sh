# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For those that run tests: programs under a sanitizer or valgrind write what they find into files,
# daemons in guests too, and a file that is not empty fails the test, whatever else it says.
#
# SAN and VALGRIND say what is in use, as in the Makefile; without them nothing happens here.

_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# reports_to DIR: what is started from here on writes to DIR/report.PID.
reports_to()
{
	local log=$1/report
	# valgrind wants the file at once, of programs that are run as nobody as well.
	[ "${VALGRIND:-}" != 1 ] || chmod 1777 "$1"
	export ASAN_OPTIONS=log_path=$log:detect_stack_use_after_return=1:strict_string_checks=1
	export LSAN_OPTIONS=suppressions=$_here/lsan.supp:print_suppressions=0
	export UBSAN_OPTIONS=log_path=$log:print_stacktrace=1
	# A daemon that is told to end does not wait for a thread to which xenstored does not answer.
	export TSAN_OPTIONS=log_path=$log:report_thread_leaks=0
	# lax-ioctls: of an ioctl that it does not know valgrind would say so, and no more. The memory of
	# a thread is "possibly" lost, always.
	export VALGRIND_OPTS="-q --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite --error-exitcode=99 --vgdb=no --sim-hints=lax-ioctls \
		--suppressions=$_here/valgrind.supp --log-file=$log.%p"
}

# reports DIR: what was written there, as diagnostics of TAP. Fails if nothing was.
reports()
{
	local file found=1
	for file in "$1"/report.*; do
		[ -s "$file" ] || continue
		found=0
		echo "# $(basename "$file"):"
		head -n 60 "$file" | sed 's/^/#   /'
	done
	return $found
}

# valgrind_programs DIR: prints a directory with programs of the same names that run those of DIR
# under valgrind; the one that is no product as it is.
valgrind_programs()
{
	local dir name from
	dir=$(dirname "$_here")/build/valgrind
	from=$(realpath "$1")
	mkdir -p "$dir"
	for name in dmvl-back dmvl-front dmvlctl; do
		printf '#!/bin/sh\nexec valgrind %s/%s "$@"\n' "$from" "$name" >"$dir/$name"
		chmod 755 "$dir/$name"
	done
	ln -sf "$from/dmvl-hostile" "$dir/"
	echo "$dir"
}
