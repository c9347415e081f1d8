/* What to do instead of an option that other servers have (foreign.def); NULL: we know of none. */
#ifndef CONF_FOREIGN_H
#define CONF_FOREIGN_H

/* Without dashes before it; '_' is as good as '-'. */
const char *foreign_name(const char *name);

const char *foreign_letter(int letter);

#endif
