/*
 * Routes and their settings, in the order they were given.
 *
 * Runs in: master
 */
#include "conf/routes.h"

#include <errno.h>
#include <stdlib.h>

static struct ltd_slice without_last_slash(struct ltd_slice prefix)
{
	if (prefix.len > 0 && prefix.at[prefix.len - 1] == '/')
		prefix.len--;
	return prefix;
}

struct route_conf *routes_find(const struct conf *c, struct ltd_slice prefix)
{
	for (size_t i = 0; i < c->route_count; i++)
		if (slice_eq(without_last_slash(slice_of_string(c->routes[i].prefix)),
			     without_last_slash(prefix)))
			return &c->routes[i];
	return NULL;
}

int routes_add(struct conf *c, struct ltd_slice prefix, unsigned line)
{
	struct route_conf *routes = realloc(c->routes, (c->route_count + 1) * sizeof *routes);

	if (!routes)
		return -ENOMEM;
	c->routes = routes;

	struct route_conf route = { .prefix = strndup(prefix.at, prefix.len), .line = line };
	if (!route.prefix)
		return -ENOMEM;
	routes[c->route_count++] = route;
	return 0;
}

static void route_fini(struct route_conf *route)
{
	for (size_t i = 0; i < route->setting_count; i++) {
		free(route->settings[i].name);
		free(route->settings[i].value);
	}
	free(route->settings);
	free(route->app);
	free(route->prefix);
}

void routes_remove(struct conf *c, struct route_conf *route)
{
	size_t behind = c->route_count - (size_t)(route - c->routes) - 1;

	route_fini(route);
	memmove(route, route + 1, behind * sizeof *route);
	c->route_count--;
}

void routes_fini(struct conf *c)
{
	for (size_t i = 0; i < c->route_count; i++)
		route_fini(&c->routes[i]);
	free(c->routes);
	c->routes = NULL;
	c->route_count = 0;
}

int route_set_app(struct route_conf *route, const char *app)
{
	route->app = strdup(app);
	return route->app ? 0 : -ENOMEM;
}

int route_add_setting(struct route_conf *route, const char *name, const char *value, unsigned line)
{
	struct route_setting *settings =
		realloc(route->settings, (route->setting_count + 1) * sizeof *settings);

	if (!settings)
		return -ENOMEM;
	route->settings = settings;

	struct route_setting *added = &settings[route->setting_count++];
	*added = (struct route_setting){ strdup(name), strdup(value), line };
	return added->name && added->value ? 0 : -ENOMEM;
}

const struct route_setting *route_find_setting(const struct route_conf *route, const char *name)
{
	for (size_t i = 0; i < route->setting_count; i++)
		if (strcmp(route->settings[i].name, name) == 0)
			return &route->settings[i];
	return NULL;
}
