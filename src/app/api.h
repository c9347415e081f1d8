/* The border between the server's exchange and an app's. */
#ifndef APP_API_H
#define APP_API_H

#include <stdbool.h>

struct exchange;

/*
 * Runs the handler of x->route, whose mount is x->mount.  A handler that fails makes the
 * response a 500 and a line on the error log.  The response is not sealed yet.
 */
void api_handle(struct exchange *x);

/*
 * Runs the attempt of x->route, which has one.  False: the request must have a slot after all;
 * the response is as if nothing had been tried.  Leader only.
 */
bool api_attempt(struct exchange *x);

#endif
