/*
 * Who asks: the client's address, made printable when somebody wants to read it, which for
 * most requests nobody does.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/ip.h"

#define CLIENT_TEXT_BYTES INET6_ADDRSTRLEN /* with the NUL */

struct client {
	struct ip ip;
	bool is_printed;
	char text[CLIENT_TEXT_BYTES];
};

void client_init(struct client *c, const struct sockaddr_storage *from);
void client_of_ip(struct client *c, const struct ip *ip);

/*
 * One without an address: the name a proxy gives it (RFC 7239 6.3), "" for none, as for one too
 * long.
 */
void client_of_name(struct client *c, struct ltd_slice name);

/* While another thread may call client_text(from). */
void client_copy(struct client *to, const struct client *from);

/* "192.0.2.1", "2001:db8::1", a name, or "" for a unix socket.  One thread at a time. */
struct ltd_slice client_text(struct client *c);

#endif
