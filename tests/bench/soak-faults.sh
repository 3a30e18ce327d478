#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Suite file 68-faults with FAULTS faults from FAULT_SEED, and what memory the daemons have at the end. Run by
# tests/bench/run.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/suite/68-faults.sh
. "$SUITE_TOP/tests/suite/68-faults.sh"
