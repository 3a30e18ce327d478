# SPDX-License-Identifier: GPL-2.0-or-later
# Makes docs/installed.md of docs/installed.txt, which is what tests/installed/run has seen, of each Debian
# release: RELEASE, kind and text, with tabs between them.
#
# Usage: awk -f page.awk docs/installed.txt
BEGIN {
	FS = "\t"
}

{
	if (!($1 in made))
		release[++releases] = $1
	made[$1] = made[$1] ""
}

$2 == "made" { made[$1] = $3 }
$2 == "rate" { rate[$1] = $3 }
$2 == "versions" { versions[$1] = $3 }
$2 == "commands" { dom0[$1] = $3; guest[$1] = $4 }
$2 == "note" { note[$1] = note[$1] " " $3 }
$2 == "since" { since[$1] = $4 }
$2 == "row" { row[$1, ++rows[$1]] = "| " $3 " | " ($4 == "" ? "-" : $4) " | " ($5 == "" ? "-" : $5 " %") " |" }
$2 == "said" {
	line = $0
	sub(/^[^\t]*\tsaid\t/, "", line)
	said[$1] = said[$1] (line == "" ? "" : "    " line) "\n"
}

END {
	print "# Installed: the tutorial, followed on real Xen"
	print ""
	print "<!-- Made by tests/installed/page.awk from docs/installed.txt: do not edit. -->"
	print ""
	print "A program followed [tutorial.md](tutorial.md) word for word, but for the rate of the card, on hosts and guests as debootstrap installs"
	print "them, with systemd in both, on the real Xen hypervisor in an emulator. A small script gives web1 its disk: that of Xen takes more than"
	print "the 40 s that xl allows, when the emulated machine is busy. Then the guest and the host went and came back, and nobody"
	print "typed anything for dmvl. The guarantee counts as back when the device is connected, has its tx-min, and web1 answers a ping"
	print "from outside, by the address that it gets by DHCP; the seconds include the boot of the guest, or of the host and the guest. Under load two other guests, each with"
	print "twice the weight of web1, send as much as they can: without a guarantee web1 would get 20 %. `make bench-installed` does all this."
	print "An emulated machine is slow: its seconds are no measure of a real one."
	for (i = 1; i <= releases; i++) {
		r = release[i]
		print ""
		print "## Debian " r
		print ""
		print versions[r] "." note[r] " The uplink is paced to " rate[r] " Mbit/s. Commands: " dom0[r] " in Dom0, " guest[r] " in the guest. Made of " made[r] "."
		if (r in since)
			print "After the reboot of the host, dmvl-back@default was active " since[r] " s after the start of the kernel."
		print ""
		print "| what | seconds | what web1 gets under load |"
		print "|---|---|---|"
		for (n = 1; n <= rows[r]; n++)
			print row[r, n]
		print ""
		print "What was typed, and what was seen:"
		print ""
		printf "%s", said[r]
	}
}
