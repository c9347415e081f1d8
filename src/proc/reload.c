/* From one edition to the next.  Runs in: master; the check in its child. */
#include "proc/reload.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/listeners.h"
#include "proc/master.h"

/* An app that hangs when it is opened must not hold up reloading for ever. */
#define CHECK_S 60

int reload_open(struct reload *r, struct foundation *f, const struct reading *reading)
{
	*r = (struct reload){ .foundation = f, .reading = *reading, .last_number = 1 };
	r->now = edition_first(f, r->last_number);
	return r->now ? 0 : -ENOMEM;
}

/* It has the listeners open, too. */
static void end_check(struct reload *r)
{
	if (r->checker) {
		kill(r->checker, SIGKILL);
		waitpid(r->checker, NULL, 0);
	}
	r->checker = 0;
	r->is_asked_again = false;
}

void reload_drop(struct reload *r)
{
	if (r->checker)
		log_warning("reload: dropped, the server stops");
	end_check(r);
}

void reload_close(struct reload *r, bool has_relative)
{
	end_check(r);
	while (r->old) {
		struct edition *e = r->old;

		r->old = e->next;
		edition_close(&e, r->now, has_relative);
	}
	if (r->now)
		edition_forget(&r->now);
}

/* Else the service manager would wait for the end of it. */
static void give_up(struct reload *r)
{
	log_error("reload: cannot fork: %s; the old configuration stays in force", strerror(errno));
	r->checker = 0;
	notify_send(&r->foundation->notify, "READY=1\nSTATUS=serving; a reload could not begin");
}

/* What it has open must not outlive the master: the listeners, and the lock of the pid file. */
static void live_with(struct foundation *f, pid_t master)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != master)
		_exit(EXIT_CANNOT_SERVE);
	close(f->heritage.life[1]);
	pidfile_forget(&f->pidfile);
}

static void check_in_child(struct reload *r)
{
	pid_t master = getpid();

	r->is_asked_again = false;
	r->asked_ns = clock_mono_ns();
	log_info("reload: checking the configuration");
	notify_reloading(&r->foundation->notify, r->asked_ns);
	r->checker = fork();
	if (r->checker == 0) {
		live_with(r->foundation, master);
		alarm(CHECK_S);
		_exit(edition_check(&r->reading, r->now));
	}
	if (r->checker < 0)
		give_up(r);
}

void reload_ask(struct reload *r)
{
	if (r->checker)
		r->is_asked_again = true;
	else
		check_in_child(r);
}

bool reload_is_checker(const struct reload *r, pid_t pid)
{
	return pid == r->checker;
}

static void refuse(const struct reload *r, int wait_status)
{
	if (!WIFSIGNALED(wait_status))
		log_error("reload: refused; the old configuration stays in force");
	else if (WTERMSIG(wait_status) == SIGALRM)
		log_error("reload: opening the apps took more than %d s; the old configuration "
			  "stays in force",
			  CHECK_S);
	else
		log_error("reload: opening the apps ended by signal %d (%s); the old configuration "
			  "stays in force",
			  WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	notify_send(&r->foundation->notify, "READY=1\nSTATUS=serving; a reload was refused");
}

static void put_in_force(struct reload *r, struct edition *e)
{
	r->now->next = r->old;
	r->old = r->now;
	r->now = e;
	edition_put_in_force(e, r->foundation);
}

bool reload_on_checked(struct reload *r, int wait_status)
{
	struct edition *e = NULL;

	r->checker = 0;
	if (r->is_asked_again) {
		check_in_child(r); /* it may have changed since */
		return false;
	}
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		e = edition_open(&r->reading, r->last_number + 1, r->now, r->old);
	if (!e) {
		refuse(r, WIFSIGNALED(wait_status) ? wait_status : 0);
		return false;
	}
	r->last_number++;
	put_in_force(r, e);
	return true;
}

static struct edition *take_out(struct reload *r, unsigned number)
{
	for (struct edition **e = &r->old; *e; e = &(*e)->next) {
		struct edition *found = *e;

		if (found->number != number)
			continue;
		*e = found->next;
		return found;
	}
	return NULL;
}

void reload_revert(struct reload *r, unsigned number)
{
	struct edition *e = take_out(r, number);

	if (e)
		put_in_force(r, e);
	log_error("reload: no worker of the new configuration gets ready; the old one is in force "
		  "again");
	notify_send(&r->foundation->notify, "READY=1\nSTATUS=serving; a reload was taken back");
}

unsigned reload_renumber(struct reload *r)
{
	r->now->number = ++r->last_number;
	r->now->heritage.edition = r->now->number;
	edition_put_in_force(r->now, r->foundation);
	return r->now->number;
}

void reload_deafen_gone(const struct reload *r)
{
	for (struct edition *e = r->old; e; e = e->next)
		listeners_deafen_gone(&e->heritage, &r->now->heritage);
}

void reload_leave_to_worker(struct reload *r)
{
	for (struct edition *e = r->old; e; e = e->next) {
		heritage_close_listeners(&e->heritage);
		listener_close(&e->heritage.statistics);
		sink_close(&e->heritage.access_sink);
	}
	close(r->reading.start_fd);
}

void reload_sweep(struct reload *r, const struct arbiter *a, bool has_relative)
{
	struct edition **e = &r->old;

	while (*e) {
		struct edition *gone = *e;

		if (arbiter_needs_edition(a, gone->number)) {
			e = &gone->next;
			continue;
		}
		*e = gone->next;
		edition_close(&gone, r->now, has_relative);
	}
}
