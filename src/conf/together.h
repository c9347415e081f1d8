/* What options ask for together: each is within its bounds, and yet they may not go together. */
#ifndef CONF_TOGETHER_H
#define CONF_TOGETHER_H

#include "conf/options.h"

/* `workers`: what `auto` stands for, too.  0, or -1 with the reason said. */
int together_check(const struct options *o, uint64_t workers);

#endif
