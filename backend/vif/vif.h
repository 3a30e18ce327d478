/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif.h: takes a guest's vif out of its bridge, puts a macvtap over it, and undoes that. */
#ifndef DMVL_VIF_H
#define DMVL_VIF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "backend/vif/vif_home.h"

struct vif_tap;

/*
 * The macvtap of a guest's vif is called dmvlDOMID.ID, that of its emulated card dmveDOMID.ID. Its
 * alias (`ip link' shows it) says which uplink took the vif and where the vif was, so no other
 * memory is needed: whoever finds it can put the vif back.
 */
void vif_tap_name(unsigned domid, unsigned id, char out[IFNAMSIZ]);
void vif_tap_name_emu(unsigned domid, unsigned id, char out[IFNAMSIZ]);

/* The name that Xen's tools give the vif unless its configuration has another. */
void vif_name(unsigned domid, unsigned id, char out[IFNAMSIZ]);

/* Its present name, whoever renamed it, from the kernel's driver. False: the driver has no such
 * vif. */
bool vif_name_of_driver(unsigned domid, unsigned id, char out[IFNAMSIZ]);

/*
 * The interface of the emulated card that an HVM guest has beside this vif. False: there is none.
 */
bool vif_name_emu(const char *vif, char out[IFNAMSIZ]);

/* May the vif be taken? 0, or -errno with one sentence in err: something else lies over it. */
int vif_is_free(const char *vif, const char *tap, char *err, size_t errlen);

/* Does this macvtap lie over the vif already? */
bool vif_is_taken(const char *vif, const char *tap);

/*
 * Takes the vif, for the uplink `owner`, or finds the macvtap that lies over it, and adds it to
 * `out`. *home is as vif_home_read() found it. On error -errno with one sentence in err, and the
 * vif is where it was.
 */
int vif_take(const char *vif, const char *tap, const char *owner, const struct vif_home *home,
	     struct vif_tap *out, char *err, size_t errlen);

/*
 * Deletes the macvtap, if it is one of vif_take(), and puts its vif back. 0, -ENOENT: there is no
 * such macvtap, or -errno: the vif is not in its bridge.
 */
int vif_release(const char *tap);

/*
 * Called with a macvtap, its vif and the bridge that the vif goes to ("": none). True: release it.
 */
typedef bool vif_visit(const char *tap, const char *vif, const char *bridge, void *arg);

/*
 * Visits all vifs that an uplink took; NULL: any uplink. Returns how many were released, or -errno
 * of one that could not be.
 */
int vif_release_all(const char *owner, vif_visit *visit, void *arg);

/*
 * For a process that exits while other threads of it run: no vif is on its way any more. Who takes
 * or releases one after that, waits for the end.
 */
void vif_end(void);

#endif
