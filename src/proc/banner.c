/* What the master says of itself when it starts.  Runs in: master. */
#include "proc/banner.h"

#include <stdio.h>
#include <unistd.h>

#include <littled/version.h>

#include "base/cpus.h"
#include "base/log.h"

#define CPUS_BYTES 128

static void print_listener(const char *what, const struct listener *l, uint64_t backlog)
{
	unsigned most = listener_backlog_max();
	char capped[96] = "";

	if (most < backlog)
		snprintf(capped, sizeof capped, " of the %u asked for: see net.core.somaxconn",
			 (unsigned)backlog);
	log_info("%s at %s%s (backlog %u%s)", what, l->path ? "" : "http://", l->name,
		 most < backlog ? most : (unsigned)backlog, capped);
}

void banner_print(const struct heritage *h)
{
	const struct options *o = h->options;
	char cpus_text[CPUS_BYTES];
	struct cpus cpus;

	cpus_read(&cpus);
	cpus_describe(&cpus, cpus_text, sizeof cpus_text);
	log_info("littled " LTD_VERSION ", process %d: %u workers x %u threads on %s",
		 (int)getpid(), (unsigned)o->workers, (unsigned)o->threads, cpus_text);
	for (unsigned i = 0; i < h->bind_count; i++)
		print_listener("listening", &h->listener[i], o->backlog);
	if (h->statistics.fd >= 0)
		print_listener("statistics", &h->statistics, o->backlog);
}
