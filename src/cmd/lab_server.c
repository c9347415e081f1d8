/* Starting and ending the server of an experiment.  Runs in: the lab's process, one thread. */
#include "cmd/lab_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shm.h"
#include "cmd/fetch.h"
#include "cmd/instance.h"
#include "conf/supervisor.h"

#define START_WAIT_NS (20 * NS_PER_S)
#define STOP_WAIT_NS (5 * NS_PER_S)
#define LOOK_AGAIN_NS (5 * NS_PER_MS)
#define ARGUMENTS_MAX 48
#define COMMAND_MAX 1024
#define BACKLOG 128

static const char *const files[] = { "http", "admin", "log" };

static void pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = (long)LOOK_AGAIN_NS }, NULL);
}

/* Bound to a free port: a descriptor, or a negative errno value. */
static int bind_free_port(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &bytes) == 0) {
		*port = ntohs(a.sin_port);
		return fd;
	}
	int error = -errno;
	close(fd);
	return error;
}

unsigned lab_free_port(void)
{
	unsigned port = 0;
	int fd = bind_free_port(&port);

	if (fd >= 0)
		close(fd);
	return port;
}

int lab_listen(unsigned *port, struct buf *why)
{
	int fd = bind_free_port(port);
	int error = fd < 0 ? fd : 0;

	if (!error && listen(fd, BACKLOG) < 0) {
		error = -errno;
		close(fd);
	}
	if (!error)
		return fd;
	buf_printf(why, "a listening socket: %s", strerror(-error));
	return error;
}

/* The command line, its arguments separated by blanks. */
static void write_command(struct buf *line, struct lab_server *s, const struct lab_shape *shape)
{
	unsigned port = !shape->is_on_tcp ? 0 : shape->port ? shape->port : lab_free_port();

	buf_puts(line, "littled workload --graceful-timeout 1 --timeout 0 --keep-alive 60 ");
	if (shape->is_on_tcp) {
		buf_printf(line, "--bind 127.0.0.1:%u ", port);
		snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", port);
	} else {
		buf_printf(line, "--bind unix:%s/http ", s->folder);
		snprintf(s->url, sizeof s->url, "unix:%s/http:", s->folder);
	}
	buf_printf(line, "--admin-bind unix:%s/admin --error-logfile %s/log ", s->folder, s->folder);
	buf_printf(line, "--workers %u --threads %u %s", shape->workers, shape->threads,
		   shape->options ? shape->options : "");
	buf_append(line, "", 1);
}

static void stay_on_one_cpu(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof all, &all))
		return;
	for (int i = CPU_SETSIZE - 1; i >= 0; i--) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_SET(i, &one);
		sched_setaffinity(0, sizeof one, &one);
		return;
	}
}

/* As sd_listen_fds(3) has it.  false: the descriptor cannot be put there. */
static bool hand_over(int listener, char pid[32], char *environment[3])
{
	static char count[] = "LISTEN_FDS=1";

	snprintf(pid, 32, "LISTEN_PID=%d", getpid());
	environment[0] = pid;
	environment[1] = count;
	environment[2] = NULL;
	if (listener == SUPERVISOR_FIRST_FD)
		return fcntl(listener, F_SETFD, 0) == 0;
	return dup2(listener, SUPERVISOR_FIRST_FD) >= 0;
}

/*
 * In the new process.  No variable of ours is in its
 * environment, for none may change an experiment.
 */
static _Noreturn void become_server(char *line, const struct lab_shape *shape, pid_t parent)
{
	char *arguments[ARGUMENTS_MAX + 1], *environment[3] = { NULL }, pid[32], *rest = NULL;
	int n = 0;

	for (char *at = strtok_r(line, " ", &rest); at && n < ARGUMENTS_MAX;
	     at = strtok_r(NULL, " ", &rest))
		arguments[n++] = at;
	arguments[n] = NULL;
	setpgid(0, 0); /* a terminal's Ctrl-C is for the lab, which then ends us */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (shape->is_on_one_cpu)
		stay_on_one_cpu();
	if (shape->listener && !hand_over(shape->listener, pid, environment))
		_exit(EXIT_FAILURE);
	execve("/proc/self/exe", arguments, environment);
	_exit(EXIT_FAILURE);
}

static bool is_ready(const struct lab_server *s)
{
	char base[64];
	struct buf body, why;

	snprintf(base, sizeof base, "unix:%s/admin", s->folder);
	buf_init(&body, 65536);
	buf_init(&why, 1024);
	int error = fetch(base, "/readyz", &body, &why);
	buf_fini(&body);
	buf_fini(&why);
	return error == 0;
}

/* What the server said last, which is why it did not start. */
static void tell_last_line(const struct lab_server *s, struct buf *why)
{
	char path[64], line[400] = "it said nothing";
	FILE *f;

	snprintf(path, sizeof path, "%s/log", s->folder);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
	buf_printf(why, "the server did not start: %s", line);
}

static int wait_until_ready(struct lab_server *s, struct buf *why)
{
	uint64_t deadline = clock_mono_ns() + START_WAIT_NS;

	while (!is_ready(s)) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			s->pid = 0;
		if (s->pid == 0 || clock_mono_ns() > deadline) {
			tell_last_line(s, why);
			return -ETIMEDOUT;
		}
		pause_a_little();
	}
	return 0;
}

static int launch(struct lab_server *s, const struct lab_shape *shape)
{
	pid_t parent = getpid();
	struct buf line;

	buf_init(&line, COMMAND_MAX);
	write_command(&line, s, shape);
	if (line.is_short) {
		buf_fini(&line);
		return -ENOMEM;
	}
	s->pid = fork();
	if (s->pid == 0)
		become_server(line.at, shape, parent);
	int error = s->pid < 0 ? -errno : 0;
	buf_fini(&line);
	return error;
}

int lab_server_start(struct lab_server *s, const struct lab_shape *shape, struct buf *why)
{
	*s = (struct lab_server){ .folder = "/tmp/littled-lab-XXXXXX" };
	if (!mkdtemp(s->folder)) {
		int error = -errno;

		s->folder[0] = '\0';
		buf_printf(why, "a folder in /tmp: %s", strerror(-error));
		return error;
	}
	int error = launch(s, shape);
	if (error) {
		s->pid = 0;
		buf_printf(why, "fork: %s", strerror(-error));
	} else {
		error = wait_until_ready(s, why);
	}
	if (error)
		lab_server_stop(s);
	return error;
}

static void end_process(pid_t pid)
{
	uint64_t deadline = clock_mono_ns() + STOP_WAIT_NS;

	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_mono_ns() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		pause_a_little();
	}
}

void lab_server_stop(struct lab_server *s)
{
	char path[64];

	if (s->pid > 0)
		end_process(s->pid);
	s->pid = 0;
	if (!s->folder[0])
		return;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", s->folder, files[i]);
		unlink(path);
	}
	rmdir(s->folder);
	s->folder[0] = '\0';
}

struct lab_board {
	struct shm shm;
	struct snapshot *snapshot;
};

struct lab_board *lab_board_open(const struct lab_server *s, struct buf *why)
{
	struct lab_board *b = calloc(1, sizeof *b);

	if (!b) {
		buf_puts(why, strerror(ENOMEM));
		return NULL;
	}
	if (instance_open(&b->shm, &(struct instance){ .pid = s->pid }, why)) {
		free(b);
		return NULL;
	}
	b->snapshot = snapshot_new(b->shm.at);
	if (!b->snapshot) {
		buf_puts(why, strerror(ENOMEM));
		lab_board_close(&b);
	}
	return b;
}

const struct snapshot *lab_board_read(struct lab_board *b, unsigned window_s)
{
	snapshot_take(b->snapshot, window_s, clock_mono_ns());
	return b->snapshot;
}

void lab_board_close(struct lab_board **b)
{
	if (!*b)
		return;
	snapshot_free(&(*b)->snapshot);
	shm_close(&(*b)->shm);
	free(*b);
	*b = NULL;
}
