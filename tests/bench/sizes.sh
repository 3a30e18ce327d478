#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Suite file 11-shares-sizes at SIZES_RATE, five rounds: how far the worst share is off, and in which window. Run by
# tests/bench/run.
export SIZES_ROUNDS=5 SIZES_TICKS=20 SIZES_TRIES=6
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/suite/11-shares-sizes.sh
. "$SUITE_TOP/tests/suite/11-shares-sizes.sh"
