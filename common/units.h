/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, times and sizes as people write them. Pure: no I/O, no locale. */
#ifndef DMVL_UNITS_H
#define DMVL_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Room for any sentence that the parsers make, and for any text that the formatters make. */
#define UNITS_ERR_MAX  160
#define UNITS_TEXT_MAX 32

/*
 * The parsers take a number (digits, perhaps a point and more digits) and its unit without a space
 * between. Results are exact: what is no whole number of the smallest unit is refused, not rounded.
 * They return 0, -EINVAL (not understood or ambiguous) or -ERANGE (above 2^64-1). On error *out is
 * untouched and err gets one sentence that begins with the quoted text and says what to write
 * instead; put the name of the option in front. err may be NULL with errlen 0.
 */

/*
 * A rate in bits per second:
 *   bare number              bits per second
 *   bit kbit mbit gbit tbit  and kibit .. tibit (1024), as tc has them, in any case, with or
 *                            without "/s" behind
 *   bps kbps mbps gbps tbps  and kibps .. tibps: BYTES per second, as tc has them
 *   b/s Kb/s Mb/s Gb/s       bits, and B/s KB/s MB/s GB/s bytes per second, as Xen has them;
 *                            there the case decides
 * "10Mbps" is bytes to tc and bits to most people, "10m" says neither: both are refused.
 */
int units_parse_rate(const char *text, uint64_t *out_bps, char *err, size_t errlen);

/* A time in nanoseconds: ns us ms s; a bare number is refused. */
int units_parse_time(const char *text, uint64_t *out_ns, char *err, size_t errlen);

/* A size in bytes: a bare number, or kib mib gib in any case; k and kb are refused as ambiguous. */
int units_parse_size(const char *text, uint64_t *out_bytes, char *err, size_t errlen);

/* The exact rate, which units_parse_rate() reads back: 0, 10mbit, 1.5gbit, 1234567bit. */
const char *units_format_rate(char *out, size_t size, uint64_t bps);

/* For tables of measured rates: the same with two decimals, rounded to nearest: 1.23mbit. */
const char *units_format_rate_short(char *out, size_t size, uint64_t bps);

/* The exact size, which units_parse_size() reads back: 0, 1500, 256kib. */
const char *units_format_size(char *out, size_t size, uint64_t bytes);

#endif
