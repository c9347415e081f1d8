/*
 * What the service manager that started us says in the environment: sd_notify(3),
 * sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5).
 */
#ifndef CONF_SUPERVISOR_H
#define CONF_SUPERVISOR_H

#include <stdint.h>
#include <sys/types.h>

/* Set by a master for the new one that it starts. */
#define VARIABLE_PREDECESSOR "LITTLED_PREDECESSOR"

/* The first descriptor that is handed over (SD_LISTEN_FDS_START). */
#define SUPERVISOR_FIRST_FD 3

struct supervisor {
	const char *notify_socket;  /* NULL: it does not want to hear */
	const char *journal_stream; /* "DEVICE:INODE" of what goes to the journal, or NULL */
	const char *fd_names;       /* of the sockets, parted by ':'; or NULL */
	unsigned fd_count;          /* sockets handed over to this very process */
	pid_t predecessor;          /* the older master of ours that has started us; 0: none */
	uint64_t watchdog_us;       /* a sign of life is wanted at least so often; 0: none */
};

/* `environment` as environ(7); the strings stay its own.  Never fails: nonsense is nothing. */
void supervisor_read(struct supervisor *s, char **environment, pid_t self);

/* Children must not take for theirs what was handed to us. */
void supervisor_hide(void);

/*
 * For a program that this process is about to execute: `count` sockets from SUPERVISOR_FIRST_FD
 * on are its own, as is the watchdog; our parent is its predecessor.  0 or a negative errno value.
 */
int supervisor_bequeath(unsigned count, const char *names);

#endif
