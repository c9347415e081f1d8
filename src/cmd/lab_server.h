/*
 * A server of an experiment's own: this very program, serving the workload app in a private folder.
 *
 *	lab_server_start --> ready --> lab_server_stop
 *
 * It leaves with us, however we leave: the kernel tells it (PR_SET_PDEATHSIG).
 */
#ifndef CMD_LAB_SERVER_H
#define CMD_LAB_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "metrics/snapshot.h"

struct lab_shape {
	unsigned workers, threads;
	const char *options; /* more of them, separated by blanks; NULL: none */
	bool is_on_tcp;      /* else a unix socket */
	unsigned port;       /* of TCP; 0: a free one */
	int listener; /* of that port, handed over as a service manager does; 0: it opens its own */
	bool is_on_one_cpu;
};

struct lab_server {
	pid_t pid;
	char folder[40];
	char url[80]; /* a path may be put behind it */
};

/* A port of 127.0.0.1 that was free a moment ago; 0: there is none. */
unsigned lab_free_port(void);

/*
 * Listens on a free port: a descriptor for struct lab_shape,
 * or a negative errno value with a sentence in `why`.
 */
int lab_listen(unsigned *port, struct buf *why);

/* Returns when all workers serve.  0, or a negative errno value with a sentence in `why`. */
int lab_server_start(struct lab_server *s, const struct lab_shape *shape, struct buf *why);
void lab_server_stop(struct lab_server *s);

/*
 * What its board says now, or NULL with a sentence in
 * `why`; the caller gives it to lab_board_close().
 */
struct lab_board;
struct lab_board *lab_board_open(const struct lab_server *s, struct buf *why);
const struct snapshot *lab_board_read(struct lab_board *b, unsigned window_s);
void lab_board_close(struct lab_board **b);

#endif
