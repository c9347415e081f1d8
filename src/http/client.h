/*
 * Who asks: the client's address, made printable when somebody wants to read it, which for
 * most requests nobody does.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/slice.h"

struct client {
	unsigned char address[sizeof(struct in6_addr)];
	sa_family_t family; /* AF_INET, AF_INET6; anything else has no address to show */
	bool is_printed;
	char text[INET6_ADDRSTRLEN];
};

void client_init(struct client *c, const struct sockaddr_storage *from);

/* "192.0.2.1", "2001:db8::1", or "" for a unix socket.  One thread at a time. */
struct ltd_slice client_text(struct client *c);

#endif
