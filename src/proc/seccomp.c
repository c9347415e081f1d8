/* Which system calls a worker may still make.  Runs in: master (names), worker (the filter). */
#include "proc/seccomp.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* linux/prctl.h since 5.17 */
#endif

/* A process is not known before it is there. */
#define SELF UINT64_MAX

static const struct call {
	const char *name;
	bool is_conditional;
	unsigned argument;
	uint64_t mask, value;
} calls[] = {
#define CALL(name) { #name, false, 0, 0, 0 },
#define CALL_WITH(name, argument, mask, value) { #name, true, argument, mask, value },
#include "proc/seccomp.def"
};

static int allow(scmp_filter_ctx filter, const struct call *c)
{
	int number = seccomp_syscall_resolve_name(c->name);
	uint64_t value = c->value == SELF ? (uint64_t)getpid() : c->value;

	if (number == __NR_SCMP_ERROR)
		return 0;
	if (!c->is_conditional)
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
				SCMP_CMP(c->argument, SCMP_CMP_MASKED_EQ, c->mask, value));
}

static int allow_table(scmp_filter_ctx filter)
{
	int error = 0;

	for (unsigned i = 0; i < sizeof calls / sizeof *calls && !error; i++) {
		error = allow(filter, &calls[i]);
		if (error == -EDOM) /* not on this architecture */
			error = 0;
	}
	return error;
}

static bool is_in(const struct strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->at[i], name) == 0)
			return true;
	return false;
}

static int allow_more(scmp_filter_ctx filter, const struct strings *more)
{
	int error = 0;

	for (size_t i = 0; i < more->count && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
					 seccomp_syscall_resolve_name(more->at[i]), 0);
	/*
	 * Its flags are in memory, where a filter cannot look: the C library falls back to clone(2)
	 * where this one is not known.
	 */
	if (!error && !is_in(more, "clone3"))
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return error;
}

const char *seccomp_find_unknown(const struct strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (seccomp_syscall_resolve_name(names->at[i]) == __NR_SCMP_ERROR)
			return names->at[i];
	return NULL;
}

static uint32_t action_of(enum seccomp_answer answer)
{
	switch (answer) {
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_KILL:
		return SCMP_ACT_KILL_PROCESS;
	default:
		return SCMP_ACT_ERRNO(EPERM);
	}
}

int seccomp_enter(enum seccomp_answer answer, const struct strings *more)
{
	scmp_filter_ctx filter = seccomp_init(action_of(answer));

	if (!filter)
		return -ENOMEM;
	int error = allow_table(filter);
	if (!error)
		error = allow_more(filter, more);
	if (!error) /* threads an app has made are ours, too */
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!error) /* calls by frequency: a tree, not a list, to walk */
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}
