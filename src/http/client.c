/* Printing addresses.  Runs in: leader, slot. */
#include "http/client.h"

#include <arpa/inet.h>

void client_init(struct client *c, const struct sockaddr_storage *from)
{
	c->family = from->ss_family;
	c->is_printed = false;
	if (from->ss_family == AF_INET)
		memcpy(c->address, &((const struct sockaddr_in *)from)->sin_addr,
		       sizeof(struct in_addr));
	else if (from->ss_family == AF_INET6)
		memcpy(c->address, &((const struct sockaddr_in6 *)from)->sin6_addr,
		       sizeof(struct in6_addr));
}

struct ltd_slice client_text(struct client *c)
{
	bool has_address = c->family == AF_INET || c->family == AF_INET6;

	if (!c->is_printed) {
		if (!has_address || !inet_ntop(c->family, c->address, c->text, sizeof c->text))
			c->text[0] = '\0';
		c->is_printed = true;
	}
	return slice_of_string(c->text);
}
