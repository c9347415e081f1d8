/*
 * The bytes of a file: in memory already, on their way there, or left to the kernel.
 * Runs in: leader, slot.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "static_visit.h"

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

/*
 * A file changed this lately may change again without a sign: its times are only as fine as
 * the kernel's tick, or whole seconds on some file systems.
 */
#define TICK_NS (50 * NS_PER_MS)
#define COARSE_NS (2ll * NS_PER_S)

static bool is_settled(const struct static_identity *i, int64_t now_ns)
{
	int64_t grain = i->changed_ns % NS_PER_S ? TICK_NS : COARSE_NS;

	return i->changed_ns < now_ns - grain && i->modified_ns < now_ns;
}

static bool read_all(int fd, char *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, to + done, size - done, (off_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

/* Reads the file for this request and others.  It is sent from the disk if that does not come off. */
static void remember(struct static_visit *v)
{
	struct static_entry *e = static_entry_new(&v->file.identity);
	struct static_identity after;

	if (!e)
		return;
	static_labels_make(&e->labels, &e->identity, v->now_ns);
	if (read_all(v->file.fd, e->bytes, e->identity.size) &&
	    static_find_again(&v->file, &after) == 0 && static_identity_eq(&after, &e->identity)) {
		static_cache_keep(v->site->cache, e);
		v->entry = e;
	} else {
		static_entry_release(e);
	}
}

static bool is_small(const struct static_visit *v)
{
	return v->site->cache && v->file.identity.size <= v->site->cache_file_bytes;
}

/* From the cache, or by opening the file, whose identity is then the one that was opened. */
int static_obtain(struct static_visit *v)
{
	int error;

	if (is_small(v))
		v->entry = static_cache_find(v->site->cache, &v->file.identity, v->root.may_wait);
	if (v->entry)
		return 0;
	if (!v->root.may_wait)
		return -EAGAIN;
	static_file_close(&v->file);
	error = static_find_open(&v->root, v->path.at, &v->file);
	if (error < 0)
		return error;
	if (!S_ISREG(v->file.mode))
		return -ENOENT;
	if (is_small(v) && is_settled(&v->file.identity, v->now_ns))
		remember(v);
	return 0;
}
