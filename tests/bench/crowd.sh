#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Suite file 35-crowd at CROWD_RATE, five rounds: what g1, with a minimum of 60 %, has in its worst second beside
# all others that use the uplink, and how much later a light guest's frames arrive than without them. Run by
# tests/bench/run.
export CROWD_ROUNDS=5 CROWD_TRIES=1
# shellcheck source=tests/suite/35-crowd.sh
. "$SUITE_TOP/tests/suite/35-crowd.sh"
