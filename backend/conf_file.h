/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_file.h: a file of options, "name = value" a line; `#' or `;' begins a comment line. */
#ifndef DMVL_CONF_FILE_H
#define DMVL_CONF_FILE_H

#include <stdbool.h>

#define CONF_FILE_WHY_MAX 512

/* Takes one option; value is NULL where the line has no `='. False: `why` has the reason. */
typedef bool conf_file_take(void *arg, const char *name, const char *value, char *why);

/* Hands over each line in turn. False: err, CONF_FILE_WHY_MAX bytes, says where and what. */
bool conf_file_read(const char *path, conf_file_take *take, void *arg, char *err);

#endif
