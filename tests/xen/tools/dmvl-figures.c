/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dmvl-wire has counted, as figures: members of a JSON object. The files' columns come one
 * behind the other: one file with three guests, or three files with one each.
 */
#include <getopt.h>

#include "figures.h"
#include "tool.h"

const char usage_text[] =
	"usage: dmvl-figures -c BPS -g W,W.. -f MS -t MS [-b MS] [-w MS] [-k N] FILE..\n"
	"  -c  bits per second of the link      -g  weight of each guest; 0: not compared\n"
	"  -f  begin, -t  end, ms of the clock  -b  ms of a bin of dmvl-wire (10)\n"
	"  -w  ms of a window (100)             -k  the Nth guest wakes up within that time\n";

#define BINS	   30000
#define FRAME_LEN  1518
#define SETTLED_MS 500

static double bytes[BINS][FIGURES_GUESTS];

static void weights_read(const char *text, struct figures *f)
{
	char *end;

	for (; f->guests < FIGURES_GUESTS; text = end + 1) {
		f->weight[f->guests++] = strtod(text, &end);
		if (*end != ',')
			break;
	}
}

/* A line is a bin, and then bytes of each of its guests. Returns how many columns there were. */
static unsigned line_read(char *line, long long from, unsigned bins, unsigned column)
{
	long long bin = strtoll(line, &line, 10) - from;
	unsigned n = 0;
	char *end;

	for (;; line = end, n++) {
		double v = strtod(line, &end);

		if (end == line)
			return n;
		if (bin >= 0 && bin < bins && column + n < FIGURES_GUESTS)
			bytes[bin][column + n] = v;
	}
}

/* Returns how many columns the file had. A capture that has lost frames is worth nothing. */
static unsigned file_read(const char *name, long long from, unsigned bins, unsigned column)
{
	FILE *file = fopen(name, "r");
	char line[256];
	unsigned most = 0;

	if (!file)
		die(name);
	while (fgets(line, sizeof line, file)) {
		unsigned n;

		if (!strncmp(line, "drops ", 6) && atoll(line + 6) > 0) {
			fprintf(stderr, "%s: the capture lost %s", name, line + 6);
			exit(3);
		}
		n = line[0] == 'd' ? 0 : line_read(line, from, bins, column);
		most = n > most ? n : most;
	}
	fclose(file);
	return most;
}

static void print_guests(const struct figures *f, double bin_ms)
{
	printf("\"mbps\":[");
	for (unsigned i = 0; i < f->guests; i++)
		printf("%s%.3f", i ? "," : "",
		       figures_had(f, i, 0, f->bins) * 8 / (f->bins * bin_ms * 1000));
	printf("]");
}

static void print_figures(const struct figures *f, double bin_ms)
{
	struct figures_worst w = figures_worst(f);

	print_guests(f, bin_ms);
	printf(",\"utilisation\":%.4f,\"share_error\":%.4f,\"jain\":%.6f,\"jain_100ms\":%.6f,"
	       "\"cov\":%.4f,\"worst\":%.4f,\"worst_guest\":%u,\"kept\":%.4f",
	       figures_utilisation(f), figures_share_error(f), figures_jain_all(f),
	       figures_jain_windows(f), figures_cov_all(f), isfinite(w.ratio) ? w.ratio : 0,
	       w.guest + 1, w.kept);
}

/* How soon it had its share; then the figures of what follows SETTLED_MS behind its first frame. */
static void print_waking(const struct figures *f, unsigned guest, double bin_ms)
{
	unsigned after = figures_first(f, guest) + (unsigned)(SETTLED_MS / bin_ms);
	struct figures rest = figures_from(f, after);

	if (rest.bins < f->window) {
		fputs("the guest woke up too late\n", stderr);
		exit(3);
	}
	printf("\"wake_ms\":%.0f,", figures_wakes(f, guest) * bin_ms);
	print_figures(&rest, bin_ms);
}

struct asked {
	double bps, begin, end, bin_ms, window_ms;
	unsigned wakes;
};

static void options_read(int argc, char **argv, struct asked *a, struct figures *f)
{
	int opt;

	while ((opt = getopt(argc, argv, "c:g:f:t:b:w:k:")) != -1) {
		switch (opt) {
		case 'c':
			a->bps = atof(optarg);
			break;
		case 'g':
			weights_read(optarg, f);
			break;
		case 'f':
			a->begin = atof(optarg);
			break;
		case 't':
			a->end = atof(optarg);
			break;
		case 'b':
			a->bin_ms = atof(optarg);
			break;
		case 'w':
			a->window_ms = atof(optarg);
			break;
		case 'k':
			a->wakes = (unsigned)atoi(optarg);
			break;
		default:
			usage();
		}
	}
}

static bool asked_well(const struct asked *a, const struct figures *f)
{
	return a->bps > 0 && figures_weights(f) > 0 && a->bin_ms >= 1 &&
	       a->window_ms >= a->bin_ms && a->end - a->begin >= a->window_ms &&
	       (a->end - a->begin) / a->bin_ms <= BINS && a->wakes <= f->guests;
}

int main(int argc, char **argv)
{
	struct figures f = {.bytes = (const double(*)[FIGURES_GUESTS])bytes,
			    .frame_bytes = FRAME_LEN};
	struct asked a = {.bin_ms = 10, .window_ms = 100};
	unsigned column = 0;

	options_read(argc, argv, &a, &f);
	if (!asked_well(&a, &f))
		usage();
	f.bins = (unsigned)((a.end - a.begin) / a.bin_ms);
	f.window = (unsigned)(a.window_ms / a.bin_ms);
	f.bin_bytes = a.bps / 8000 * a.bin_ms;
	for (int i = optind; i < argc; i++)
		column += file_read(argv[i], (long long)(a.begin / a.bin_ms), f.bins, column);
	if (column != f.guests)
		usage();
	if (a.wakes)
		print_waking(&f, a.wakes - 1, a.bin_ms);
	else
		print_figures(&f, a.bin_ms);
	putchar('\n');
	return 0;
}
