/* Connections by address.  Runs in: master (crowd_open), leader. */
#include "net/crowd.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/random.h>

#define CELLS (1u << 14)
#define CHOICES 2

/* 2^64 over the golden ratio: its bits have no pattern. */
#define GOLDEN 0x9e3779b97f4a7c15ull

struct crowd {
	uint64_t key[2];
	unsigned workers;
	struct share { /* one writer each */
		_Atomic uint32_t cell[CHOICES][CELLS];
	} share[];
};

int crowd_open(struct shm *m, unsigned workers)
{
	int error = shm_open_new(m, "littled-crowd",
				 sizeof(struct crowd) + workers * sizeof(struct share));

	if (error)
		return error;
	struct crowd *c = m->at;
	c->workers = workers;
	if (getrandom(c->key, sizeof c->key, 0) != (ssize_t)sizeof c->key) {
		shm_close(m);
		return -EIO;
	}
	return 0;
}

void crowd_begin(struct crowd *c, unsigned worker)
{
	for (unsigned i = 0; i < CHOICES; i++)
		for (unsigned n = 0; n < CELLS; n++)
			atomic_store_explicit(&c->share[worker].cell[i][n], 0, memory_order_relaxed);
}

static bool is_counted(const struct client *who)
{
	return who->ip.family == AF_INET || who->ip.family == AF_INET6;
}

/* Of IPv4 all of the address, of IPv6 its first half. */
static uint64_t identity(const struct client *who)
{
	uint64_t bits = 0;

	memcpy(&bits, who->ip.at, who->ip.family == AF_INET ? 4 : sizeof bits);
	return bits;
}

struct choice {
	unsigned cell[CHOICES];
};

/* The halves of a 128-bit product, folded: each bit of it depends on all of the key's. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static struct choice choose(const struct crowd *c, const struct client *who)
{
	uint64_t once = mix(identity(who) ^ c->key[0], (who->ip.family == AF_INET) ^ c->key[1]);
	uint64_t hash = mix(once ^ c->key[0], GOLDEN); /* once leaves addresses in a row too near */

	return (struct choice){ { hash % CELLS, (hash >> 32) % CELLS } };
}

static void add(struct crowd *c, unsigned worker, const struct client *who, uint32_t n)
{
	if (!is_counted(who))
		return;

	struct choice choice = choose(c, who);
	for (unsigned i = 0; i < CHOICES; i++) {
		_Atomic uint32_t *cell = &c->share[worker].cell[i][choice.cell[i]];
		uint32_t now = atomic_load_explicit(cell, memory_order_relaxed);

		atomic_store_explicit(cell, now + n, memory_order_relaxed);
	}
}

void crowd_enter(struct crowd *c, unsigned worker, const struct client *who)
{
	add(c, worker, who, 1);
}

void crowd_leave(struct crowd *c, unsigned worker, const struct client *who)
{
	add(c, worker, who, UINT32_MAX); /* -1, modulo 2^32 */
}

unsigned crowd_count(const struct crowd *c, const struct client *who)
{
	unsigned least = 0;

	if (!is_counted(who))
		return 0;

	struct choice choice = choose(c, who);
	for (unsigned i = 0; i < CHOICES; i++) {
		unsigned sum = 0;

		for (unsigned w = 0; w < c->workers; w++)
			sum += atomic_load_explicit(&c->share[w].cell[i][choice.cell[i]],
						    memory_order_relaxed);
		if (i == 0 || sum < least)
			least = sum;
	}
	return least;
}
