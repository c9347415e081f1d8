/* The list of routes: of the file's [route PREFIX] sections, and of the APP argument. */
#ifndef CONF_ROUTES_H
#define CONF_ROUTES_H

#include "base/slice.h"
#include "conf/conf.h"

/* The route of that prefix, or NULL.  "/api" and "/api/" are the same. */
struct route_conf *routes_find(const struct conf *c, struct ltd_slice prefix);

/* 0 or -ENOMEM.  The new route is the last; earlier pointers into the list are stale. */
int routes_add(struct conf *c, struct ltd_slice prefix, unsigned line);
void routes_remove(struct conf *c, struct route_conf *route);
void routes_fini(struct conf *c);

/* Within a route; 0 or -ENOMEM. */
int route_set_app(struct route_conf *route, const char *app);
int route_add_setting(struct route_conf *route, const char *name, const char *value, unsigned line);
const struct route_setting *route_find_setting(const struct route_conf *route, const char *name);

#endif
