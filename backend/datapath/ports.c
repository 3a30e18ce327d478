/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/ports.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/datapath/core.h"
#include "backend/uplink/neigh.h"
#include "backend/uplink/portmap.h"

/*
 * Theory of operation
 *
 * A frame stays charged to the queue of the device that it was written to, until it has left the
 * host. If all frames shared one queue, a port of the bridge that stands still, as the vif of a
 * paused guest, would fill it, and stop the transmission of all LDPs.
 *
 * So each port has a queue of its own, and a copy of the bridge's forwarding table says which port
 * a frame will leave by:
 *
 *	an exit (exits.h), a group		the uplink's own queue: waits for room there
 *	the host, or a neighbour's port		that port's queue: dropped if it has no room
 *	unknown: the bridge floods it		the queue of the port that gets the original, as the
 *						copies for the other ports are not charged
 *
 * Only the uplink's own queue counts for capacity, credits and back-pressure.
 *
 * The table may be late: a frame written to the uplink's own queue as for an exit may get stuck in
 *a neighbour's port. If that queue stays blocked while the exits are idle, it is retired: a fresh
 * queue takes its place.
 *
 * A device has at most 256 queues. When all are in use, the one that was not used for the longest
 * time is closed and made again for the new port.
 */

#define RETIRED PORTMAP_NONE /* in place of a port: a queue that was the uplink's own */

static void stop_reading(struct dpath_ports *p)
{
	loop_io_free(p->table_io);
	p->table_io = NULL;
	if (p->table_fd >= 0)
		close(p->table_fd);
	p->table_fd = -1;
	portmap_clear(p->map);
}

/* Without a table every frame counts as flooded, and all goes on. */
static void start_reading(struct dpath *dp)
{
	struct dpath_ports *p = &dp->ports;

	stop_reading(p);
	if (!p->bridge)
		return;
	p->table_fd = neigh_open();
	if (p->table_fd >= 0)
		p->table_io = loop_io_new(dp->loop, p->table_fd, LOOP_READ, p->on_table, dp);
	if (!p->table_io)
		log_warning("cannot read the forwarding table of the uplink's bridge (%s): a slow "
			    "port of the bridge can delay all guests",
			    strerror(p->table_fd < 0 ? -p->table_fd : ENOMEM));
}

void ports_read_table(struct dpath *dp)
{
	if (neigh_read(dp->ports.table_fd, dp->ports.bridge, dp->ports.map) < 0)
		start_reading(dp); /* messages were lost */
}

static void close_queues(struct dpath_ports *p)
{
	for (unsigned i = 0; i < p->count; i++)
		close(p->queue[i].fd);
	p->count = 0;
}

void ports_set_link(struct dpath *dp)
{
	uint32_t bridge = dp->up->queues ? dp->link.bridge : 0;

	if (bridge == dp->ports.bridge)
		return;
	dp->ports.bridge = bridge;
	close_queues(&dp->ports);
	start_reading(dp);
}

static bool is_exit(const struct link_conf *link, uint32_t ifindex)
{
	for (unsigned i = 0; i < link->exits; i++) {
		if (link->exit[i] == ifindex)
			return true;
	}
	return false;
}

/* The port's queue, if it has one. Else a free place for it: the last, or the one unused longest.
 */
static struct port_queue *find(struct dpath_ports *p, uint32_t ifindex)
{
	struct port_queue *oldest = &p->queue[0];

	for (unsigned i = 0; i < p->count; i++) {
		if (p->queue[i].ifindex == ifindex)
			return &p->queue[i];
		if (p->queue[i].used_ns < oldest->used_ns)
			oldest = &p->queue[i];
	}
	return p->count < PORTS_QUEUES ? &p->queue[p->count] : oldest;
}

/* The fd of a port's queue, or -errno. */
static int queue_of(struct dpath *dp, uint32_t ifindex)
{
	struct dpath_ports *p = &dp->ports;
	struct port_queue *q = find(p, ifindex);
	bool is_new = q == &p->queue[p->count];

	if (is_new || q->ifindex != ifindex) {
		int fd = is_new ? -1 : q->fd;

		if (fd >= 0)
			close(fd);
		fd = uplink_add_queue(dp->up);
		if (fd < 0 && !is_new)
			*q = p->queue[--p->count];
		if (fd < 0)
			return fd;
		q->ifindex = ifindex;
		q->fd = fd;
		p->count += is_new;
	}
	q->used_ns = dp->now_ns;
	return q->fd;
}

static uint32_t port_of(const struct dpath *dp, const struct frame_info *fi)
{
	uint32_t ifindex =
		portmap_find(dp->ports.map, fi->dst, fi->vid < 0 ? 0 : (uint16_t)fi->vid);

	return ifindex == PORTMAP_NONE ? dp->link.flood_port : ifindex;
}

int ports_queue(struct dpath *dp, const struct frame_info *fi)
{
	uint32_t ifindex;
	int fd;

	if (!dp->ports.bridge || fi->is_group)
		return dp->ports.fd;
	ifindex = port_of(dp, fi);
	if (ifindex == PORTMAP_NONE || is_exit(&dp->link, ifindex))
		return dp->ports.fd;
	fd = queue_of(dp, ifindex);
	return fd < 0 ? dp->ports.fd : fd;
}

bool ports_retire(struct dpath *dp)
{
	struct dpath_ports *p = &dp->ports;
	struct port_queue *place = find(p, RETIRED);
	int fd = uplink_add_queue(dp->up), old = p->fd;

	if (fd < 0)
		return false;
	p->fd = fd;
	/* The first queue receives, and stays open anyway. */
	if (old == dp->up->fd)
		return true;
	if (place == &p->queue[p->count])
		p->count++;
	else
		close(place->fd);
	*place = (struct port_queue){RETIRED, old, dp->now_ns};
	return true;
}

bool ports_is_uplink(const struct dpath *dp, int fd)
{
	return fd == dp->ports.fd;
}

bool ports_init(struct dpath *dp, loop_cb *on_table)
{
	dp->ports.fd = dp->up->fd;
	dp->ports.table_fd = -1;
	dp->ports.on_table = on_table;
	dp->ports.map = portmap_new();
	return dp->ports.map;
}

void ports_forget(struct dpath *dp)
{
	stop_reading(&dp->ports);
	close_queues(&dp->ports);
	if (dp->ports.fd != dp->up->fd)
		close(dp->ports.fd);
	dp->ports.bridge = 0;
}

void ports_renew(struct dpath *dp)
{
	dp->ports.fd = dp->up->fd;
	ports_set_link(dp);
}

void ports_fini(struct dpath *dp)
{
	if (!dp->ports.map)
		return;
	ports_forget(dp);
	portmap_free(dp->ports.map);
}
