/* Capturing what conf_load() says on the standard streams. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define ARGUMENTS_MAX 64

/* Points `fd` at an anonymous file; gives back a copy of what it was. */
static int redirect(int fd, int *kept)
{
	int file = memfd_create("probe", MFD_CLOEXEC);

	*kept = dup(fd);
	ck_assert_int_ge(file, 0);
	ck_assert_int_ge(dup2(file, fd), 0);
	return file;
}

static void restore(int fd, int kept, int file, char text[PROBE_BYTES])
{
	ssize_t got = pread(file, text, PROBE_BYTES - 1, 0);

	ck_assert_int_ge(got, 0);
	text[got] = '\0';
	dup2(kept, fd);
	close(kept);
	close(file);
}

static void load(struct probe *p, char **argv, char **environment)
{
	int kept_out, kept_err, argc = 0;

	while (argv[argc])
		argc++;
	fflush(stdout);
	int out = redirect(STDOUT_FILENO, &kept_out), err = redirect(STDERR_FILENO, &kept_err);
	p->verdict = conf_load(&p->conf, argc, argv, environment);
	fflush(stdout);
	restore(STDOUT_FILENO, kept_out, out, p->out);
	restore(STDERR_FILENO, kept_err, err, p->err);
}

void probe_load_bytes(struct probe *p, const char *file, size_t len, const char *const *environment,
		      const char *const *arguments)
{
	char *argv[ARGUMENTS_MAX + 4] = { "littled" };
	int argc = 1, fd = -1;

	p->path[0] = '\0';
	if (file) {
		fd = memfd_create("conf", MFD_CLOEXEC);
		ck_assert_int_eq(write(fd, file, len), (ssize_t)len);
		snprintf(p->path, sizeof p->path, "/proc/self/fd/%d", fd);
		argv[argc++] = "--config";
		argv[argc++] = p->path;
	}
	for (; *arguments && argc < ARGUMENTS_MAX; arguments++)
		argv[argc++] = (char *)*arguments;
	load(p, argv, (char **)environment);
	if (fd >= 0)
		close(fd);
}

void probe_load(struct probe *p, const char *file, const char *const *environment,
		const char *const *arguments)
{
	probe_load_bytes(p, file, file ? strlen(file) : 0, environment, arguments);
}

void probe_load_nothing(struct probe *p)
{
	char *nothing[] = { NULL };

	p->path[0] = '\0';
	load(p, nothing, nothing);
}

void probe_fini(struct probe *p)
{
	conf_fini(&p->conf);
}

void probe_assert_refused(const struct probe *p, const char *start, const char *why)
{
	char expected[256];
	const char *hole = strstr(start, "%s");

	if (hole)
		snprintf(expected, sizeof expected, "littled: %.*s%s%s", (int)(hole - start), start,
			 p->path, hole + 2);
	else
		snprintf(expected, sizeof expected, "littled: %s", start);

	ck_assert_msg(p->verdict == CONF_REFUSED, "verdict %d, expected \"%s\"", p->verdict,
		      expected);
	ck_assert_msg(strncmp(p->err, expected, strlen(expected)) == 0,
		      "said \"%s\", expected \"%s\"", p->err, expected);
	ck_assert_msg(strstr(p->err, why) != NULL, "said \"%s\", without \"%s\"", p->err, why);

	const char *end = strchr(p->err, '\n');
	ck_assert_msg(end && end[1] == '\0', "not exactly one line: \"%s\"", p->err);
	ck_assert_str_eq(p->out, "");
}
