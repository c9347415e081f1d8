/* Running out of descriptors.  Runs in: leader. */
#include "net/shortage.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Without a failure for so long it is over: until then it may only have come and gone. */
#define OVER_NS NS_PER_S

/* A folder, a file and its two compressed forms (apps/static_choose.c). */
#define FILES_OF_A_REQUEST 4

/* The limit may be changed from outside (prlimit(1)); so often it is looked at. */
#define LOOK_EVERY_NS (100 * NS_PER_MS)

void shortage_init(struct shortage *s)
{
	*s = (struct shortage){ .reserve_fd = -1 };
	shortage_refill(s);
}

void shortage_fini(struct shortage *s)
{
	shortage_lend(s);
}

bool shortage_is(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void shortage_met(struct shortage *s, int error, uint64_t now_ns)
{
	if (!s->since_ns) {
		s->since_ns = now_ns;
		log_warning("accept: %s: new connections take the place of idle ones, or wait",
			    strerror(error));
	}
	s->latest_ns = now_ns;
}

void shortage_lasts(struct shortage *s, uint64_t now_ns)
{
	s->latest_ns = now_ns;
}

void shortage_not_met(struct shortage *s, uint64_t now_ns)
{
	if (!s->since_ns || now_ns < s->latest_ns + OVER_NS)
		return;
	log_info("accept: connections are taken again, after %.1f s",
		 (double)(s->latest_ns - s->since_ns) / (double)NS_PER_S);
	s->since_ns = 0;
}

bool shortage_is_near(struct shortage *s, int fd, unsigned conns, uint64_t now_ns)
{
	uint64_t used = (uint64_t)fd + 1;
	struct rlimit now;

	if (!s->limit && used > conns)
		s->others = used - conns;

	if (!s->limit || now_ns - s->looked_ns >= LOOK_EVERY_NS) {
		s->limit = getrlimit(RLIMIT_NOFILE, &now) == 0 ? now.rlim_cur : RLIM_INFINITY;
		s->looked_ns = now_ns;
	}
	if (used < s->others + conns)
		used = s->others + conns;
	return s->limit <= used + FILES_OF_A_REQUEST;
}

bool shortage_lend(struct shortage *s)
{
	if (s->reserve_fd < 0)
		return false;
	close(s->reserve_fd);
	s->reserve_fd = -1;
	return true;
}

/* An open file of its own, so that it counts for the system's limit too; and no path to it. */
bool shortage_refill(struct shortage *s)
{
	if (s->reserve_fd < 0)
		s->reserve_fd = eventfd(0, EFD_CLOEXEC);
	return s->reserve_fd >= 0;
}
