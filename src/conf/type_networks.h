/* What options that are lists of networks can do: see struct type. */
#ifndef CONF_TYPE_NETWORKS_H
#define CONF_TYPE_NETWORKS_H

#include "conf/types.h"

int networks_read(const struct option_row *row, struct ltd_slice text, void *member);
void networks_print(const struct option_row *row, const void *member, struct buf *to);
void networks_expected(const struct option_row *row, struct buf *to);
void networks_release(void *member);

#endif
