#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl plot: pictures and tables of a recording and of the credit log.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

command -v gnuplot >/dev/null || skip_all 'there is no gnuplot'

ctl=$(command -v dmvlctl)

# sent NAME: the bytes that the device has sent, by dmvlctl stat.
sent()
{
	dmvlctl stat "$1" --json | tr -d ' \n' | sed -n 's/.*"tx-bytes":\([0-9]*\),"tx-uplink.*/\1/p'
}

# has_sent NAME BYTES, has FILE PATTERN: for wait_for.
has_sent()
{
	[ "$(sent "$1")" -ge "$2" ]
}

has()
{
	grep -qF -- "$2" "$1"
}

# loans_of FILE NAME: for wait_for. A device of that name has lent or borrowed.
loans_of()
{
	awk -v name="$2" '
		$1 == "D" { of[$2] = $7 }
		$1 == "F" && $3 == "t" && of[$2] ~ name && $10 + $11 > 0 { found = 1 }
		END { exit !found }' "$1"
}

# column FILE TITLE: the sum of that column of a table.
column()
{
	awk -F '\t' -v title="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == title) at = i; next }
		at { n += $at }
		END { printf "%.0f\n", n }' "$1"
}

# part A B: A of both, in percent.
part()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f\n", 100 * a / (a + b) }'
}

# says STATUS PATTERN WHAT COMMAND..: it ends with that status and one line.
says()
{
	_status=$1 _pattern=$2 _what=$3
	shift 3
	_said=$("$@" 2>&1)
	is $? "$_status" "$_what"
	like "$_said" "$_pattern" "$_what: it is said"
	is "$(echo "$_said" | wc -l)" 1 "$_what: in one line"
}

# alone FILE WHAT: nothing lies beside the file.
alone()
{
	is "$(cd "${1%/*}" && echo *)" "${1##*/}" "$2"
}

# ---- a recording: two guests that send, and a daemon that is started again

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
dmvlctl record first.rec >&2 &
recorder=$!
ldps 'g1 1 weight=100' 'g2 2 weight=200'
talks g1
talks g2
sink_start
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'the guests send' wait_for 60 has_sent g2 2000000
check 'g1 has lent or borrowed' wait_for 60 loans_of first.rec '^g1$'
check 'g2 has lent or borrowed' wait_for 60 loans_of first.rec '^g2$'
g1_sent=$(sent g1) g2_sent=$(sent g2)
kill -INT "$recorder"
wait "$recorder"

dmvlctl plot first.rec --what rates --data >rates.tsv
is $? 0 'rates are printed as a table'
from_stat=$(part "$g2_sent" "$g1_sent")
from_plot=$(part "$(column rates.tsv 'g2/0 bit/s')" "$(column rates.tsv 'g1/0 bit/s')")
diag "share of g2: $from_stat % by stat, $from_plot % by plot"
between "$from_plot" "$(awk -v s="$from_stat" 'BEGIN { print s - 3 }')" \
	"$(awk -v s="$from_stat" 'BEGIN { print s + 3 }')" 'its shares are those that dmvlctl stat counts'
dmvlctl plot first.rec --since 2s --data >shares.tsv
is $? 0 'shares are printed as a table, of the last two seconds'
rows=$(($(wc -l <shares.tsv) - 1))
between "$rows" 1 20 'there are no more rows than intervals'
between "$(awk -v n="$(column shares.tsv 'g2/0 percent')" -v rows="$rows" 'BEGIN { print n / rows }')" 60 73 \
	'who has two thirds of the weight has two thirds'
between "$(awk -v n="$(column shares.tsv 'g2/0 promised-percent')" -v rows="$rows" 'BEGIN { print n / rows }')" 66 67.4 \
	'two thirds are promised'
is "$(dmvlctl plot first.rec g1 --what delay --data | head -n 1)" "$(printf 'time\tg1/0 p50-ms\tg1/0 p99-ms')" \
	'a device that is named is alone in the table'
is "$(dmvlctl plot first.rec g1 g2/0 --what loans --data | head -n 1 | tr '\t' '\n' | grep -c 'lent')" 2 'so are two'

mkdir out
for what in shares rates loans delay; do
	check "$what are drawn as SVG" dmvlctl plot first.rec --what $what -o out/p.svg
	check "$what: g1 is in the legend" has out/p.svg '>g1/0'
	check "$what: g2 is in the legend" has out/p.svg '>g2/0'
	check "$what: the uplink is in the title" has out/p.svg 'on uplink default, sent by guests'
	check "$what: the file and the zone are in the title" grep -q 'first.rec, [0-9: -]* to [0-9: -]* [A-Z]*<' out/p.svg
	is "$(tr -d '\n' <out/p.svg | tail -c 6)" '</svg>' "$what: the picture is whole"
	alone out/p.svg "$what: nothing lies beside the picture"
done
check 'the capacity is in the legend of rates' sh -c 'dmvlctl plot first.rec --what rates -o out/p.svg && grep -q ">capacity<" out/p.svg'
check 'there is no gap in it' sh -c '! grep -q "not recorded" out/p.svg'
check 'received frames are drawn' dmvlctl plot first.rec --what rates --dir rx -o out/p.svg
check 'received frames are in the title' has out/p.svg 'received by guests'
check 'a picture has the size that is asked for' dmvlctl plot first.rec --size 500x300 -o out/p.svg
check 'the size is in the SVG' has out/p.svg 'width="500" height="300"'
rm out/p.svg
check 'a PNG is made' dmvlctl plot first.rec -o out/p.png
is "$(head -c 4 out/p.png | tail -c 3)" PNG 'it is one'
check 'a table is made' dmvlctl plot first.rec -o out/p.tsv
is "$(cat out/p.tsv)" "$(dmvlctl plot first.rec --data)" 'it is what is printed'
is "$(stat -c %a out/p.tsv)" "$(printf '%o' $((0666 & ~$(umask))))" 'whoever may read other files may read it'

# ---- the credit log

dmvlctl plot --log g1 -o log.svg
is $? 0 'the credit log is drawn'
check 'its device is in the legend' has log.svg '>g1/0'
check 'the host is in the title' has log.svg "$(hostname), "
says 2 '*the credit log has loans only*' 'the log has no shares' dmvlctl plot --log --what shares -o log.svg

# ---- hostile names, a gap

evil="e'\`touch pwned\`\$(touch pwned)<b>&\"%d{_^"
xenstore-write "/local/domain/$(guest_domid g1)/name" "$evil"
dmvlctl record second.rec >&2 &
recorder=$!
check 'the other recording has the name, and its loans' wait_for 60 loans_of second.rec '^e%27%60touch'
back_stop
check 'the gap is recorded' wait_for 30 grep -q '^S ' second.rec
back_start --tx-capacity "$SUITE_RATE"
check 'there is something behind the gap' wait_for 60 sh -c "sed '1,/^S/d' second.rec | grep -q '^F '"
kill -INT "$recorder"
wait "$recorder"
for what in shares rates loans delay; do
	rm -f out/e.svg
	check "$what of a guest with a hostile name are drawn" dmvlctl plot second.rec --what $what -o out/e.svg
	check "$what: its name is text" grep -qF "e'\`touch pwned\`" out/e.svg
	check "$what: its name is no markup" sh -c '! grep -qF "<b>" out/e.svg'
done
check 'no name was run as a command' [ ! -e pwned ]
check 'a gap is in the legend' has out/e.svg 'not recorded'
check 'a guest is found by its hostile name' dmvlctl plot second.rec "$evil" -o out/e.svg
rm -f out/*

# ---- what cannot be plotted

says 1 '*nothing is recorded of web9*' 'a guest that is not in it' dmvlctl plot first.rec web9 -o out/p.svg
says 1 '*nothing is recorded of device 7 of g1*' 'a device that is not in it' dmvlctl plot first.rec g1/7 -o out/p.svg
says 1 '*nothing is recorded of an uplink nosuch*' 'an uplink that is not in it' dmvlctl plot first.rec --uplink nosuch -o out/p.svg
says 1 '*nothing is recorded of that time*' 'a time that is not in it' dmvlctl plot first.rec --until 2001-01-01 -o out/p.svg
echo 'dmvl-record 1 1700000000000' >empty.rec
says 1 '*"empty.rec": no interval was recorded' 'an empty recording' dmvlctl plot empty.rec -o out/p.svg
printf 'U 0 a\nU 1 b\nT 0 1700000001000 1000000\nT 1 1700000001000 1000000\n' >>empty.rec
says 2 '*there are 2 uplinks: choose one with --uplink' 'two uplinks' dmvlctl plot empty.rec -o out/p.svg
says 1 '*no device sent anything in that time' 'a recording of a quiet host' dmvlctl plot empty.rec --uplink b -o out/p.svg
printf 'D 0 1 1 0 00000000-0000-0000-0000-000000000000 a\nF 0 t 9 1 0 0 0 0 0 0 0 0 -\n' >>empty.rec
says 1 '*too little is recorded of that time*' 'no frame that waited' dmvlctl plot empty.rec --uplink b --what delay -o out/p.svg
says 1 '*"rates.tsv": it is no recording*' 'another file' dmvlctl plot rates.tsv -o out/p.svg
says 1 '*"nosuch.rec": No such file*' 'a file that is not there' dmvlctl plot nosuch.rec -o out/p.svg
mkfifo pipe.rec
says 1 '*"pipe.rec" is no regular file*' 'a pipe' dmvlctl plot pipe.rec -o out/p.svg
says 1 '*No such file*' 'a folder that is not there' dmvlctl plot first.rec -o nosuch/p.svg
mkdir out/dir.svg
says 1 '*"out/dir.svg" is no regular file' 'a folder in place of the picture' dmvlctl plot first.rec -o out/dir.svg
rmdir out/dir.svg
says 1 '*cannot write the output*' 'a table that cannot be printed' sh -c 'dmvlctl plot first.rec --data 2>&1 >/dev/full'
is "$(ls out)" '' 'nothing is left of what failed'

# ---- gnuplot is missing, fails, dies, prints nothing

mkdir none fake
says 1 '*no gnuplot*gnuplot-nox*' 'no gnuplot' env PATH="$PWD/none" "$ctl" plot first.rec -o out/p.svg
check 'a table needs none' env PATH="$PWD/none" "$ctl" plot first.rec -o out/p.tsv
echo before >out/p.svg
rm out/p.tsv
for way in 'echo; echo "line 3: it is broken" >&2; exit 1' 'kill -9 $$' 'exit 0'; do
	printf '#!/bin/sh\n%s\n' "$way" >fake/gnuplot
	chmod +x fake/gnuplot
	says 1 '*error: gnuplot *' "a gnuplot that does: $way" env PATH="$PWD/fake:$PATH" "$ctl" plot first.rec -o out/p.svg
	is "$(cat out/p.svg)" before 'the old picture is untouched'
	alone out/p.svg 'nothing lies beside it'
done

# ---- a full disk

mkdir small
mount -t tmpfs -o size=8k tmpfs small
head -c 4096 /dev/zero >small/filler
says 1 '*cannot write "small/p.svg": No space left on device' 'a full disk' dmvlctl plot first.rec -o small/p.svg
alone small/filler 'a full disk has no half picture'
umount small

# ---- wrong use

says 2 '*what to plot?*' 'no file' dmvlctl plot -o p.svg
says 2 '*where to?*' 'no output' dmvlctl plot first.rec
says 2 '*expected a name that ends with .svg, .png or .tsv' 'another kind of output' dmvlctl plot first.rec -o p.gif
says 2 '*--data prints the table*' 'two outputs' dmvlctl plot first.rec --data -o p.tsv
says 2 '*--what "sheep": expected shares, rates, loans or delay' 'a kind that is none' dmvlctl plot first.rec --what sheep -o p.svg
says 2 '*--dir "up": expected tx or rx' 'a direction that is none' dmvlctl plot first.rec --dir up -o p.svg
says 2 '*--until "soon": expected a time in the past*' 'a time that is none' dmvlctl plot first.rec --until soon -o p.svg
says 2 '*--since is not before --until' 'times the wrong way round' dmvlctl plot first.rec --since 1s --until 2s -o p.svg
for size in 10x10 960 960x 960x540x2 99999x540 -1x540 x; do
	says 2 "*--size \"$size\": expected width and height*" "a size that is none, $size" dmvlctl plot first.rec --size="$size" -o p.svg
done
says 2 '*plot takes no --json' 'JSON' dmvlctl plot first.rec --json -o p.svg
says 2 '*list takes no --output' 'its option elsewhere' dmvlctl list -o p.svg
back_stop
done_testing
