/* SPDX-License-Identifier: GPL-2.0-or-later */
/* units.h: rates, times and sizes as people write them. No locale. Pure. */
#ifndef DMVL_UNITS_H
#define DMVL_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that hold any sentence of the parsers, and any text of the formatters. */
#define UNITS_ERR_MAX  160
#define UNITS_TEXT_MAX 32

/*
 * The parsers take a number (digits, perhaps a point and more digits) and a unit, without a space
 * between them. Results are exact: a value that is not a whole number of the smallest unit is an
 * error. They return 0, -EINVAL (not understood, ambiguous, or not a whole number) or -ERANGE
 * (above 2^64-1). On error *out is untouched, and err gets one sentence that begins with the quoted
 * text and says what to write instead; callers put the option's name in front. err may be NULL with
 * errlen 0.
 */

/*
 * A rate in bits per second:
 *   bare number              bits per second
 *   bit kbit mbit gbit tbit  and kibit .. tibit (1024), as in tc, in upper or lower case, with
 *                            or without "/s" at the end
 *   bps kbps mbps gbps tbps  and kibps .. tibps: BYTES per second, as in tc
 *   b/s Kb/s Mb/s Gb/s       bits per second, and B/s KB/s MB/s GB/s bytes per second, as in Xen;
 *                            upper and lower case differ
 * "10Mbps" means bytes to tc and bits to most people, "10m" means neither: both are ambiguous.
 */
int units_parse_rate(const char *text, uint64_t *out_bps, char *err, size_t errlen);

/* A time in nanoseconds, with the unit ns, us, ms or s; a bare number is an error. */
int units_parse_time(const char *text, uint64_t *out_ns, char *err, size_t errlen);

/* A size in bytes: a bare number, or kib mib gib in upper or lower case; k and kb are ambiguous. */
int units_parse_size(const char *text, uint64_t *out_bytes, char *err, size_t errlen);

/*
 * The formatters write to `out` (`size` bytes) and return it. This one gives the exact rate, which
 * units_parse_rate() reads back: 0, 10mbit, 1.5gbit, 1234567bit.
 */
const char *units_format_rate(char *out, size_t size, uint64_t bps);

/* For tables of measured rates: two decimals, rounded to nearest: 1.23mbit. */
const char *units_format_rate_short(char *out, size_t size, uint64_t bps);

/* The exact size, which units_parse_size() reads back: 0, 1500, 256kib. */
const char *units_format_size(char *out, size_t size, uint64_t bytes);

#endif
