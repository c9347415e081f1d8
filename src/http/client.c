/* Printing addresses.  Runs in: leader, slot. */
#include "http/client.h"

#include <arpa/inet.h>

static bool has_address(const struct client *c)
{
	return c->ip.family == AF_INET || c->ip.family == AF_INET6;
}

void client_init(struct client *c, const struct sockaddr_storage *from)
{
	ip_of_sockaddr(&c->ip, from);
	c->is_printed = !has_address(c);
	c->text[0] = '\0';
}

void client_of_ip(struct client *c, const struct ip *ip)
{
	c->ip = *ip;
	c->is_printed = false;
}

void client_of_name(struct client *c, struct ltd_slice name)
{
	c->ip = (struct ip){ .family = AF_UNSPEC };
	c->is_printed = true;
	if (name.len >= sizeof c->text)
		name.len = 0;
	if (name.len)
		memcpy(c->text, name.at, name.len);
	c->text[name.len] = '\0';
}

void client_copy(struct client *to, const struct client *from)
{
	if (has_address(from))
		client_of_ip(to, &from->ip);
	else
		*to = *from; /* printed from the beginning */
}

struct ltd_slice client_text(struct client *c)
{
	if (!c->is_printed) {
		if (!inet_ntop(c->ip.family, c->ip.at, c->text, sizeof c->text))
			c->text[0] = '\0';
		c->is_printed = true;
	}
	return slice_of_string(c->text);
}
