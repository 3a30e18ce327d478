# SPDX-License-Identifier: GPL-2.0-or-later
# Makes docs/fairness.md of docs/fairness.json, which is what tests/bench/fair has measured: one JSON object a line.
# Each figure of the page is the median of the rounds; of worst windows it is the worst.
#
# Usage: awk [-v pictures=DIRECTORY] -f fair.awk docs/fairness.json
#
# With a directory it draws fair-FIGURE-MACHINE-MBIT.svg there.
function member(name,  at, rest)
{
	at = index($0, "\"" name "\":")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 3)
	if (substr(rest, 1, 1) == "\"") {
		rest = substr(rest, 2)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	sub(/[,}].*/, "", rest)
	return rest
}

# A figure: its name in the rows, in words, its unit in the page, which way is better (1: more), by what a peer has
# to be ahead, absolutely and relatively, to be called so, and how it is printed.
function figure(name, words, unit, better, apart, ratio, format)
{
	figures[++n_figures] = name
	in_words[name] = words
	unit_of[name] = unit
	better_of[name] = better
	apart_of[name] = apart
	ratio_of[name] = ratio
	format_of[name] = format
}

BEGIN {
	figure("worst", "the worst window", "", 1, .01, 0, "%.3f")
	figure("share_error", "how far shares are off", "", -1, .005, 0, "%.4f")
	figure("unfair", "1 - Jain within windows", "", -1, .0005, .2, "%.5f")
	figure("cov", "the CoV", "", -1, .005, .1, "%.4f")
	figure("utilisation", "utilisation", "", 1, .005, 0, "%.3f")
	figure("ping_median", "the median ping", " ms", -1, .05, .1, "%.2f")
	figure("ping_p99", "the 99th percentile of pings", " ms", -1, .1, .1, "%.2f")
	figure("retransmitted", "segments sent again", "", -1, 5, .1, "%.0f")
	figure("wake_ms", "the time until a waking guest has its share", " ms", -1, 10, .1, "%.0f")
	n_subjects = split("dmvl htb drr ets cake fq_codel fifo", subjects, " ")
	n_workloads = split("tcp-1-1-1 tcp-1-4-16 udp udp-1-2-4 light line wakes own ecn", workloads, " ")
	n_costs = split("switch_us call_us guest_switch_us guest_call_us", costs, " ")
	split("xensim xen", machines, " ")
	titles["xensim"] = "xensim"
	titles["xen"] = "Xen 4.17 in an emulator"
	split("#d62728 #1f77b4 #2ca02c #9467bd #ff7f0e #17becf #7f7f7f", colours, " ")
}

function note(key, name, value)
{
	if (value == "")
		return
	values[key, name] = values[key, name] " " value
	seen[key, name]
}

member("absent") != "" {
	lacks[member("machine")] = lacks[member("machine")] " " member("absent")
	next
}

{
	rate = member("machine") SUBSEP member("mbit")
	place = rate SUBSEP member("direction") SUBSEP member("workload") SUBSEP member("stops")
	key = place SUBSEP member("subject")
	if (!(rate in known_rate)) {
		known_rate[rate]
		rates[++n_rates] = rate
	}
	known_place[place]
	rounds[key]++
	n_rows++
	for (i = 1; i <= n_figures; i++)
		note(key, figures[i], member(figures[i]))
	note(key, "unfair", 1 - member("jain_100ms"))
	note(key, "kept", member("kept"))
	note(key, "load", member("load"))
	note(member("machine"), "wakes_median", member("wakes_median"))
	note(member("machine"), "wakes_p99", member("wakes_p99"))
	for (i = 1; i <= n_costs; i++)
		note(member("machine"), costs[i], member(costs[i]))
	idle = member("policy") == "IDLE"
	n_idle += idle
	if (idle || member("others") >= .9) {
		n_busy++
		busy[key] = 1
	}
	load = member("load") + 0
	load_max = load > load_max ? load : load_max
	load_min = load_min == "" || load < load_min ? load : load_min
	if (seconds_least == "" || member("seconds") + 0 < seconds_least)
		seconds_least = member("seconds") + 0
	cpus = member("cpus")
	versions[member("version") ", " member("date")]
}

# of KEY NAME: the figure; the worst of worst windows, of load the highest, else the median.
function of(key, name,  v, n, i, k, x)
{
	n = split(values[key, name], v, " ")
	for (i = 2; i <= n; i++) {
		x = v[i] + 0
		for (k = i - 1; k > 0 && v[k] + 0 > x; k--)
			v[k + 1] = v[k]
		v[k + 1] = x
	}
	if (name == "worst" || name == "kept")
		return v[1] + 0
	if (name == "load")
		return v[n] + 0
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}

function shown(key, name, format)
{
	return (key, name) in seen ? sprintf(format, of(key, name)) : "-"
}

# What counts for a comparison: a shaper that does not count checksums fills a link by more than 1.
function compared(key, name,  x)
{
	x = of(key, name)
	return name == "utilisation" && x > 1 ? 1 : x
}

# By how much A is better than B, as a part of the larger one; 0: it is not.
function better(a, b, name,  more)
{
	more = (a - b) * better_of[name]
	if (more <= apart_of[name] || more <= ratio_of[name] * (a > b ? a : b))
		return 0
	return more / (a > b ? a : b)
}

# By how much a peer is ahead of dmvl; whether it is behind.
function ahead(place, peer, name)
{
	return better(compared(place SUBSEP peer, name), compared(place SUBSEP "dmvl", name), name)
}

function behind(place, peer, name)
{
	return better(compared(place SUBSEP "dmvl", name), compared(place SUBSEP peer, name), name) > 0
}

# case PLACE: in words.
function in_case(place,  part)
{
	split(place, part, SUBSEP)
	return part[3] " " part[4] (part[5] == "yes" ? " with stops" : "") " at " part[2] " Mbit/s" (part[1] == "xen" ? " on Xen" : "")
}

function against(place, peer, name)
{
	return sprintf(peer " " format_of[name] ", dmvl " format_of[name] unit_of[name], compared(place SUBSEP peer, name),
		compared(place SUBSEP "dmvl", name))
}

# All places, in the order of the page.
function places_list(  r, d, w, s, place)
{
	for (r = 1; r <= n_rates; r++)
		for (d = 1; d <= 2; d++)
			for (w = 1; w <= n_workloads; w++)
				for (s = 1; s <= 2; s++) {
					place = rates[r] SUBSEP (d == 1 ? "tx" : "rx") SUBSEP workloads[w] SUBSEP (s == 1 ? "no" : "yes")
					if (place in known_place)
						places[++n_places] = place
				}
}

# Each figure of each place in which both are: who is ahead.
function comparisons_make(  f, p, s, key, by, name)
{
	for (f = 1; f <= n_figures; f++) {
		name = figures[f]
		for (p = 1; p <= n_places; p++)
			for (s = 2; s <= n_subjects; s++) {
				key = places[p] SUBSEP subjects[s]
				if (!((key, name) in seen) || !((places[p] SUBSEP "dmvl", name) in seen))
					continue
				n_compared++
				n_behind += behind(places[p], subjects[s], name)
				by = ahead(places[p], subjects[s], name)
				if (!by)
					continue
				n_ahead++
				of_figure[name]++
				line_of[n_ahead] = "| " in_words[name] " | " in_case(places[p]) " | " against(places[p], subjects[s], name) " |"
				if (by > largest[name]) {
					largest[name] = by
					largest_text[name] = in_case(places[p]) ": " against(places[p], subjects[s], name)
				}
			}
	}
}

function first_paragraph(  f, name, text)
{
	if (!n_ahead)
		print "In none of " n_compared " comparisons a peer is ahead of dmvl."
	else {
		text = "**A peer is ahead of dmvl in " n_ahead " of " n_compared " comparisons.**"
		for (f = 1; f <= n_figures; f++) {
			name = figures[f]
			if (of_figure[name])
				text = text " In " in_words[name] " " of_figure[name] " times, most of all " largest_text[name] "."
		}
		print text " All of them are [below](#where-a-peer-is-ahead). dmvl is ahead in " n_behind "; in the others both are equal."
	}
}

function state_of_machine(  text, v, m)
{
	text = n_rows " measurements were made, of " seconds_least " s or more each, on a machine with " cpus " processors, whose load was " sprintf("%.1f to %.1f", load_min, load_max) \
		" (the average of a minute, with the bench's own processes)."
	if (n_busy)
		text = text " **The machine was busy: before " n_busy " of them other programs wanted a processor, or the bench ran at idle " \
			"priority (" n_idle "). Rows with such measurements have a \\*. That harms dmvl more than its peers:** dmvl and its agents " \
			"are programs, which wait for a processor, and a qdisc is part of the kernel. Worst windows, CoV and delays of such rows " \
			"say as much of the machine as of dmvl."
	else
		text = text " Before none of them another program wanted a processor."
	for (m = 1; m <= 2; m++)
		if ((machines[m], "wakes_median") in seen)
			text = text " On " titles[machines[m]] ", four wake-ups of programs that do nothing else took " \
				sprintf("%.2f ms, and %.2f in the worst round of a hundred", of(machines[m], "wakes_median"), of(machines[m], "wakes_p99")) \
				" (the medians of what was measured before each case)" bare_costs(machines[m]) "."
	text = text " A ping by dmvl takes four, two each way; by a qdisc none."
	print text
	print ""
	text = "Sources and dates:"
	for (v in versions)
		sorted_add(v)
	for (v = 1; v <= n_sorted; v++)
		text = text " " sorted[v] (v < n_sorted ? ";" : ".")
	print text
}

function bare_costs(m,  text)
{
	if ((m, "switch_us") in seen)
		text = sprintf("; a switch to another program on the same processor %.2f ms, and a system call %.4f ms", \
			of(m, "switch_us") / 1000, of(m, "call_us") / 1000)
	if ((m, "guest_switch_us") in seen)
		text = text sprintf(", in a guest %.2f and %.4f ms", of(m, "guest_switch_us") / 1000, of(m, "guest_call_us") / 1000)
	return text
}

function sorted_add(x,  k)
{
	for (k = n_sorted++; k > 0 && sorted[k] > x; k--)
		sorted[k + 1] = sorted[k]
	sorted[k + 1] = x
}

function explanation(  m)
{
	print "## What is measured"
	print ""
	print "Three guests share one link: by dmvl; by HTB with a class for each guest, DRR, ETS, cake or fq_codel over vifs in a bridge; or by"
	print "nothing but a FIFO in front of the link (native). They take turns in one run, some rounds. `make bench-fair` measures, and"
	print "tests/bench/fair.sh says how each is set up."
	for (m = 1; m <= 2; m++)
		if (machines[m] in lacks)
			print "The kernel of " titles[machines[m]] " has no" listed(lacks[machines[m]]) "."
	print ""
	print "TX goes out of the guests, RX into them. A capture on the far side of the link counts bytes as on a wire, with checksums and the"
	print "headers of each segment, in bins of 10 ms. The kernel's shapers do not count the 4 bytes of a checksum, so they use up to 1.003 of the link."
	print ""
	print "| workload | what the guests do | weights |"
	print "|---|---|---|"
	print "| tcp-1-1-1, tcp-1-4-16 | as many TCP flows | equal |"
	print "| udp | datagrams at 1, 0.6 and 0.45 of the link | equal |"
	print "| udp-1-2-4 | datagrams at one and a half times its share | 1, 2, 4 |"
	print "| light | two guests have 4 TCP flows, the third only pings | equal |"
	print "| line | as light, and a line that is a hundredth faster than the link is behind it, as a network card and its cable are | equal |"
	print "| wakes | all send datagrams at 0.6 of the link, the third guest begins later | equal |"
	print "| own | all have 4 TCP flows, and the first pings too | equal |"
	print "| ecn | as own, and TCP agrees on ECN | equal |"
	print ""
	print "TCP is cubic, and its receivers have 16 MiB of memory, so that no receiver limits a flow. In light nothing but the shaper is as slow"
	print "as the link: a class of HTB sends its burst at once, however much of the link is in use, and its ping waits for nothing. Where a"
	print "real line is, that burst waits in front of it: see line. dmvl lets no frame but that of a guest that wakes up go before its time."
	print "On xensim, processors do not sleep (/dev/cpu_dma_latency), for whomever is measured: where they are those of a virtual machine,"
	print "its host would need milliseconds at times to wake one up."
	if (("xen", "wakes_median") in seen) {
		print "On Xen in an emulator, Dom0 and three guests share two processors, which are all in use then: guests stand still for up to"
		print "seconds. A guest's kernel gives a frame to netfront at once. dmvl's agent is a program: a frame needs a switch to it, one back,"
		print "and some system calls, and so does what comes from Dom0 ([where the time goes](latency.md#where-a-pings-time-goes-on-real-xen))."
	}
	print ""
	print "With stops, the agent and the senders (RX: receivers) of each guest that has a share stand still for 60 to 100 ms, every 300 to"
	print "700 ms. Over a vif only the senders stand, not the guest's kernel, and the queue in Dom0 goes on. In RX, what a stopped agent has not"
	print "read yet is counted when it goes on, so dmvl cannot do without a hole as long as the stop; a vif has none."
	print ""
	print "- **Share error**: by how much the worst part of what was carried is off the guest's share."
	print "- **1 - Jain**: one less Jain's index by weight of a window of 100 ms, the mean of all windows. 0 is fair."
	print "- **CoV**: a guest's standard deviation over its mean in windows of 100 ms, the mean of all guests. 0 is steady."
	print "- **Worst window**: the guest that got least of its share in any 100 ms, had / share. Windows begin every 10 ms, and the share is of"
	print "  what the link could carry: a link that is left idle counts too. A window of 100 ms at 8 Mbit/s has 66 frames."
	print "- **Kept**: in how many of these windows a guest had at least .97 of its share less two frames; of the worst round."
	print "- **Sent again**: segments that TCP sent a second time, all guests; ecn only."
	print "- **Share after**: how long after its first frame a window begins in which the waking guest has .9 of its share."
	print ""
}

function listed(words,  w, n, i, text, done)
{
	n = split(words, w, " ")
	for (i = 1; i <= n; i++)
		if (!(w[i] in done)) {
			done[w[i]]
			text = text (text == "" ? " " : ", ") w[i]
		}
	return text
}

function table_row(place, subject,  key, part)
{
	key = place SUBSEP subject
	split(place, part, SUBSEP)
	printf "| %s | %s | %s | %s%s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d | %s |\n", part[3], part[4], part[5], subject, \
		busy[key] ? " \\*" : "", shown(key, "utilisation", "%.3f"), shown(key, "share_error", "%.4f"), \
		shown(key, "unfair", "%.5f"), shown(key, "cov", "%.3f"), shown(key, "worst", "%.3f"), shown(key, "kept", "%.3f"), \
		shown(key, "ping_median", "%.2f"), shown(key, "ping_p99", "%.2f"), shown(key, "retransmitted", "%.0f"), shown(key, "wake_ms", "%.0f"), rounds[key], \
		shown(key, "load", "%.1f")
}

function heading_of(rate,  part)
{
	split(rate, part, SUBSEP)
	return titles[part[1]] ", " part[2] " Mbit/s"
}

function at_rate(place, rate)
{
	return index(place, rate SUBSEP) == 1
}

function tables(  r, p, s)
{
	for (r = 1; r <= n_rates; r++) {
		print "## " heading_of(rates[r])
		print ""
		print "| | workload | stops | shared by | utilisation | share error | 1 - Jain | CoV | worst window | kept | ping ms | p99 ms | sent again | share after ms | rounds | load |"
		print "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
		for (p = 1; p <= n_places; p++)
			for (s = 1; s <= n_subjects; s++)
				if (at_rate(places[p], rates[r]) && rounds[places[p] SUBSEP subjects[s]])
					table_row(places[p], subjects[s])
		print ""
	}
}

# less PLACE SUBJECT NAME: by which part of FIFO's figure it is less, in percent.
function less(place, subject, name,  theirs)
{
	theirs = of(place SUBSEP "fifo", name)
	if (!((place SUBSEP subject, name) in seen) || theirs <= 0)
		return "-"
	return sprintf("%.1f", 100 * (1 - of(place SUBSEP subject, name) / theirs))
}

function over_fifo(  p, s, line, some)
{
	print "## What is gained over a FIFO"
	print ""
	print "The part of the FIFO's figure that is gone, in percent, for dmvl and for what else shares a link; less than 0: it became worse. This is"
	print "what a paper on such schedulers would show."
	print ""
	line = "| case | FIFO's 1 - Jain"
	some = "|---|---"
	for (s = 1; s < n_subjects; s++)
		if (subject_there(subjects[s])) {
			line = line " | " subjects[s]
			some = some "|---"
		}
	line = line " | FIFO's CoV"
	some = some "|---"
	for (s = 1; s < n_subjects; s++)
		if (subject_there(subjects[s])) {
			line = line " | " subjects[s]
			some = some "|---"
		}
	print line " |"
	print some "|"
	for (p = 1; p <= n_places; p++)
		if (rounds[places[p] SUBSEP "fifo"])
			over_fifo_row(places[p])
	print ""
}

function over_fifo_row(place,  s, line)
{
	line = "| " in_case(place) " | " shown(place SUBSEP "fifo", "unfair", "%.5f")
	for (s = 1; s < n_subjects; s++)
		if (subject_there(subjects[s]))
			line = line " | " less(place, subjects[s], "unfair")
	line = line " | " shown(place SUBSEP "fifo", "cov", "%.3f")
	for (s = 1; s < n_subjects; s++)
		if (subject_there(subjects[s]))
			line = line " | " less(place, subjects[s], "cov")
	print line " |"
}

function subject_there(subject,  p)
{
	for (p = 1; p <= n_places; p++)
		if (rounds[places[p] SUBSEP subject])
			return 1
	return 0
}

# ---- Pictures: a group of bars for each case, a bar for each subject ----

function picture(rate, name,  file, p, s, x, top, part, n, width)
{
	split(rate, part, SUBSEP)
	file = pictures "/fair-" name "-" part[1] "-" part[2] ".svg"
	for (p = 1; p <= n_places; p++)
		if (at_rate(places[p], rate))
			for (s = 1; s <= n_subjects; s++)
				if ((places[p] SUBSEP subjects[s], name) in seen) {
					n++
					if (of(places[p] SUBSEP subjects[s], name) > top)
						top = of(places[p] SUBSEP subjects[s], name)
				}
	if (!n)
		return
	top = top ? top : 1
	width = 9 * n + 12 * n_places + 200
	printf "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d 480' font-family='sans-serif' font-size='11'>\n", width >file
	printf "<rect width='%d' height='480' fill='#fff'/><text x='60' y='24' font-size='15'>%s: %s%s</text>\n", width, \
		heading_of(rate), in_words[name], unit_of[name] >file
	for (s = 0; s <= 4; s++)
		printf "<path d='M60 %dH%d' stroke='#ddd'/><text x='54' y='%d' text-anchor='end'>%.3g</text>\n", 290 - s * 60, width - 110, \
			294 - s * 60, top * s / 4 >file
	x = 66
	for (p = 1; p <= n_places; p++)
		if (at_rate(places[p], rate))
			x = picture_group(file, places[p], name, x, top)
	for (s = 1; s <= n_subjects; s++)
		printf "<rect x='%d' y='%d' width='10' height='10' fill='%s'/><text x='%d' y='%d'>%s</text>\n", width - 95, 40 + 16 * s, \
			colours[s], width - 80, 49 + 16 * s, subjects[s] >file
	print "</svg>" >file
	close(file)
}

function picture_group(file, place, name, x, top,  s, from, height, part)
{
	from = x
	for (s = 1; s <= n_subjects; s++)
		if ((place SUBSEP subjects[s], name) in seen) {
			height = 240 * of(place SUBSEP subjects[s], name) / top
			printf "<rect x='%d' y='%.1f' width='8' height='%.1f' fill='%s'/>\n", x, 290 - height, height, colours[s] >file
			x += 9
		}
	if (x == from)
		return x
	split(place, part, SUBSEP)
	printf "<text transform='translate(%d 300) rotate(60)'>%s %s%s</text>\n", (from + x) / 2 - 4, part[3], part[4], \
		part[5] == "yes" ? ", stops" : "" >file
	return x + 12
}

END {
	places_list()
	comparisons_make()
	print "# Fairness: dmvl beside what else shares a link"
	print ""
	print "<!-- Made by tests/bench/fair.awk from docs/fairness.json: do not edit. -->"
	print ""
	first_paragraph()
	print ""
	state_of_machine()
	print ""
	explanation()
	tables()
	over_fifo()
	print "## Where a peer is ahead"
	print ""
	print "By more than a margin: .01 in a worst window, .005 in utilisation and in a share, a tenth in CoV, delays and segments, a fifth in 1 - Jain."
	print ""
	print "| figure | case | figures |"
	print "|---|---|---|"
	for (i = 1; i <= n_ahead; i++)
		print line_of[i]
	if (pictures != "")
		for (r = 1; r <= n_rates; r++)
			for (i = 1; i <= n_figures; i++)
				picture(rates[r], figures[i])
}
