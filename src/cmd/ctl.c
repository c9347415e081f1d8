/*
 * `littled ctl`: one line to the master, and what it answers.
 * Runs in: its own process.
 */
#include "cmd/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/slice.h"
#include "cmd/flags.h"
#include "cmd/instance.h"
#include "metrics/board.h"
#include "net/sock.h"

#define ANSWER_BYTES_MAX (8u << 20)
#define LINE_BYTES 256
#define PATIENCE_S 10

enum { EXIT_OBEYED, EXIT_REFUSED, EXIT_USAGE };

static const char usage[] =
	"Usage: littled ctl [OPTIONS] ORDER [ARGUMENT]\n"
	"Tells a running server's master what to do, or asks it how it is.\n"
	"\n"
	"Which server (the only one that runs, unless given):\n"
	"  -s, --control-socket FILE  the one that listens there\n"
	"  --pid PID                  the one with this master\n"
	"How it answers:\n"
	"  -j, --json                 in JSON\n"
	"As gunicornc has it:\n"
	"  -c, --command ORDER        the order as one word: -c 'show workers'\n"
	"  --socket FILE              the same as --control-socket\n"
	"Orders:\n";

static const struct verb {
	const char *first, *second, *argument, *help;
} verbs[] = {
	{ "help", "", "", "print this" },
#define VERB(first, second, function, argument, when, help) { first, second, argument, help },
#include "proc/verbs.def"
#undef VERB
};

struct ctl {
	struct instance instance;
	const char *socket;
	bool json, help;
	char line[LINE_BYTES];
};

static int print_usage(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		char text[64];

		if (!verbs[i].help)
			continue;
		snprintf(text, sizeof text, "%s%s%s%s%s", verbs[i].first,
			 verbs[i].second[0] ? " " : "", verbs[i].second,
			 verbs[i].argument[0] ? " " : "", verbs[i].argument);
		printf("  %-26s %s\n", text, verbs[i].help);
	}
	return EXIT_OBEYED;
}

static int complain(const struct buf *why, int status)
{
	fprintf(stderr, "littled ctl: %.*s\n", (int)why->len, why->at ? why->at : "");
	return status;
}

/* --- the command line ------------------------------------------------------------- */

static bool set_pid(struct ctl *c, const char *text)
{
	uint64_t n;

	if (!slice_to_u64(slice_of_string(text), &n) || n == 0 || n > INT32_MAX)
		return false;
	c->instance.pid = (pid_t)n;
	return true;
}

/* One word of the order, or several with spaces between them. */
static bool add_words(struct ctl *c, const char *words)
{
	size_t len = strlen(c->line);

	if (strchr(words, '\n') || len + strlen(words) + 2 > sizeof c->line)
		return false;
	snprintf(c->line + len, sizeof c->line - len, "%s%s", len ? " " : "", words);
	return true;
}

static int refuse(struct buf *why, const char *what, const char *word)
{
	buf_printf(why, "%s: %s", word, what);
	return -EINVAL;
}

/* The line: what `--command` says, and the words of the command line. */
static int compose(struct ctl *c, const char *command, char **words, struct buf *why)
{
	const char *first = command ? command : words[0];

	if (!first && !c->help) {
		buf_puts(why, "what is to be done? (littled ctl help)");
		return -EINVAL;
	}
	c->help |= first && strcmp(first, "help") == 0;
	if (c->json)
		add_words(c, "json");
	if (command && !add_words(c, command))
		return refuse(why, "nothing we know is written so", command);
	for (; *words; words++)
		if (!add_words(c, *words))
			return refuse(why, "nothing we know is written so", *words);
	return 0;
}

static int parse(struct ctl *c, int argc, char **argv, struct buf *why)
{
	static const struct option options[] = {
		{ "control-socket", required_argument, NULL, 's' },
		{ "socket", required_argument, NULL, 's' },
		{ "command", required_argument, NULL, 'c' },
		{ "pid", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};

	const char *command = NULL;

	*c = (struct ctl){ .socket = NULL };
	opterr = 0;
	optind = 0;
	for (int o; (o = getopt_long(argc, argv, ":s:c:jh", options, NULL)) != -1;) {
		if (o == 's')
			c->socket = optarg;
		else if (o == 'c')
			command = optarg;
		else if (o == 'j')
			c->json = true;
		else if (o == 'h')
			c->help = true;
		else if (o != 'p')
			return flags_refuse(options, argv[optind - 1], o, why);
		else if (!set_pid(c, optarg))
			return refuse(why, "expected the number of a process", optarg);
	}
	return compose(c, command, argv + optind, why);
}

/* --- the server --------------------------------------------------------------------- */

/* Its control socket stands on the board. */
static int find(struct ctl *c, char path[LINE_BYTES], struct buf *why)
{
	struct shm board;

	if (c->socket) {
		snprintf(path, LINE_BYTES, "%s", c->socket);
		return 0;
	}
	int error = instance_open(&board, &c->instance, why);
	if (error == -ENOENT && !c->instance.pid) {
		buf_reset(why);
		buf_puts(why, "no running server was found; name one with -s FILE or --pid PID");
	}
	if (error < 0)
		return error;
	const struct board *b = board.at;
	snprintf(path, LINE_BYTES, "%.*s", (int)sizeof b->control, b->control);
	if (!path[0]) {
		buf_printf(why,
			   "process %d has no control socket: start it with control_socket = FILE",
			   (int)b->master_pid);
		error = -ENOENT;
	}
	shm_close(&board);
	return error;
}

static int call(const char *path, struct buf *why)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd = -1, error = len < sizeof at.sun_path ? 0 : -ENAMETOOLONG;

	memcpy(at.sun_path, path, error ? 0 : len);
	if (!error)
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!error && (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0))
		error = -errno;
	if (error < 0) {
		buf_printf(why, "%s: %s", path,
			   error == -ECONNREFUSED ? "no server listens there any more"
						  : strerror(-error));
		if (fd >= 0)
			sock_close(fd);
		return error;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static int ask(int fd, const char *line, struct buf *answer, struct buf *why)
{
	char bytes[4096];
	ssize_t n;

	snprintf(bytes, sizeof bytes, "%s\n", line);
	if (send(fd, bytes, strlen(bytes), MSG_NOSIGNAL) < 0) {
		buf_puts(why, strerror(errno));
		return -EIO;
	}
	while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
		buf_append(answer, bytes, (size_t)n);
	if (n == 0 && answer->len)
		return 0;
	buf_puts(why, n == 0 ? "the server has closed the connection without an answer"
			     : "no answer comes: the master hangs, or is stopped");
	return -EIO;
}

static int show(const struct buf *answer)
{
	struct ltd_slice rest = buf_slice(answer), verdict;

	slice_cut(&rest, '\n', &verdict);
	bool is_obeyed = slice_eq(verdict, LTD_SLICE("OK"));

	if (!is_obeyed)
		fputs("littled ctl: ", stderr);
	fwrite(rest.at, 1, rest.len, is_obeyed ? stdout : stderr); /* main() looks at its fate */
	return is_obeyed ? EXIT_OBEYED : EXIT_REFUSED;
}

static int order(struct ctl *c, struct buf *why)
{
	char path[LINE_BYTES];
	struct buf answer;
	int fd = find(c, path, why) < 0 ? -1 : call(path, why);

	if (fd < 0)
		return complain(why, EXIT_REFUSED);
	buf_init(&answer, ANSWER_BYTES_MAX);
	int status =
		ask(fd, c->line, &answer, why) < 0 ? complain(why, EXIT_REFUSED) : show(&answer);
	buf_fini(&answer);
	sock_close(fd);
	return status;
}

int ctl_main(int argc, char **argv)
{
	struct buf why;
	struct ctl c;
	int status;

	buf_init(&why, 1024);
	int error = parse(&c, argc, argv, &why);
	if (error < 0)
		status = complain(&why, EXIT_USAGE);
	else if (c.help)
		status = print_usage();
	else
		status = order(&c, &why);
	buf_fini(&why);
	return status;
}
