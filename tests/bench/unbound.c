/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a bench: tx_room() without a bound below the ring. */
#include "frontend/tx.h"

uint32_t __wrap_tx_room(uint32_t ring_bytes, uint32_t inflight, uint64_t credit_bytes);

uint32_t __wrap_tx_room(uint32_t ring_bytes, uint32_t inflight, uint64_t credit_bytes)
{
	(void)credit_bytes;
	return ring_bytes - inflight;
}
