/*
 * Addresses as people write them: "host:port", "[ipv6]:port", ":port" (every address of this
 * machine) and "unix:PATH".  Only the form is judged; names are resolved where they are used.
 */
#ifndef CONF_ADDRESS_H
#define CONF_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define ADDRESS_HOST_BYTES 254 /* a name's 253 (RFC 1035 2.3.4) and a NUL */
#define ADDRESS_PATH_BYTES 108 /* of sun_path, with the NUL: unix(7) */

struct address {
	bool is_unix;
	char host[ADDRESS_HOST_BYTES]; /* without brackets; "" for every address */
	uint16_t port;                 /* 0: one the system picks */
	char path[ADDRESS_PATH_BYTES];
};

#define ADDRESS_EXPECTED \
	"host:port, [ipv6]:port, :port or unix:PATH (port 0 to 65535, PATH of 1 to 107 bytes)"

bool address_parse(struct ltd_slice text, struct address *a);

#endif
