# SPDX-License-Identifier: GPL-2.0-or-later
#
# Draws a terminal as SVG: what `tmux capture-pane -e` prints, on stdin. Colours of the foreground, bold, faint,
# and reverse, which is of a whole line.
#
# Usage: awk -v columns=N -v lines=N -f svg.awk

function escaped(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function look(codes,    n, i, part)
{
	n = split(codes, part, ";")
	if (n == 0)
		part[n = 1] = 0
	for (i = 1; i <= n; i++) {
		if (part[i] == 0) { colour = plain; bold = faint = reverse = 0 }
		else if (part[i] == 1) bold = 1
		else if (part[i] == 2) faint = 1
		else if (part[i] == 7) reverse = 1
		else if (part[i] == 27) reverse = 0
		else if (part[i] >= 30 && part[i] <= 37) colour = palette[part[i] - 30]
		else if (part[i] == 39) colour = plain
	}
}

function put(text)
{
	if (text == "")
		return
	line = line sprintf("<tspan fill=\"%s\"%s%s>%s</tspan>", reversed ? dark : colour,
		bold ? " font-weight=\"bold\"" : "", faint ? " opacity=\"0.6\"" : "", escaped(text))
}

BEGIN {
	split("#e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #dcdfe4", shade, " ")
	for (i in shade)
		palette[i] = shade[i]
	plain = colour = "#dcdfe4"
	dark = "#1e2127"
	w = 8; h = 18
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"DejaVu Sans Mono, monospace\" font-size=\"13\">\n",
		columns * w + 16, lines * h + 16
	printf "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"%s\"/>\n", dark
}

{
	line = ""
	text = $0
	reversed = reverse || match(text, /^(\033\[[0-9;]*m)*\033\[([0-9]+;)*7(;[0-9]+)*m/)
	if (reversed)
		printf "<rect x=\"8\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", (NR - 1) * h + 8, columns * w, h, plain
	while (match(text, /\033\[[0-9;]*m/)) {
		put(substr(text, 1, RSTART - 1))
		look(substr(text, RSTART + 2, RLENGTH - 3))
		text = substr(text, RSTART + RLENGTH)
	}
	put(text)
	printf "<text x=\"8\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", NR * h + 4, line
}

END { print "</svg>" }
