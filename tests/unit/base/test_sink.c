/* Lines to files, streams, the journal and the system's log. */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static char path[64], text[4096];

static void name_path(void)
{
	snprintf(path, sizeof path, "/tmp/littled-sink-%d", (int)getpid());
	unlink(path);
}

static void put(const struct sink *s)
{
	sink_put(s, SEVERITY_WARNING, "[head] ", "some text and more", 9);
}

static const char *content(int fd)
{
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(a_file_gets_heads_and_ends)
{
	struct sink s;

	name_path();
	ck_assert_int_eq(sink_open(&s, path, STDERR_FILENO), 0);
	put(&s);
	put(&s);
	int fd = open(path, O_RDONLY);
	ck_assert_str_eq(content(fd), "[head] some text\n[head] some text\n");
	ck_assert(!sink_is_moved(&s));
	unlink(path);
	ck_assert(sink_is_moved(&s));
	ck_assert_int_eq(sink_reopen(&s), 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
	sink_close(&s);
	ck_assert_int_eq(s.fd, -1);
	unlink(path);
	ck_assert_int_eq(sink_open(&s, "/tmp/absent/file", STDERR_FILENO), -ENOENT);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(the_journal_gets_severities_instead)
{
	char journal[64];
	struct sink s;
	struct stat st;

	name_path();
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	ck_assert_int_eq(fstat(fd, &st), 0);
	snprintf(journal, sizeof journal, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);

	ck_assert_int_eq(sink_open(&s, "-", fd), 0);
	sink_detect_journal(&s, NULL);
	sink_detect_journal(&s, "nonsense");
	sink_detect_journal(&s, "1:2");
	put(&s);
	ck_assert_str_eq(content(fd), "[head] some text\n");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	sink_detect_journal(&s, journal);
	put(&s);
	ck_assert_str_eq(content(fd), "<4>some text\n");
	sink_close(&s);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0); /* the stream stays the caller's */
	close(fd);
	unlink(path);
}
END_TEST

static int open_daemon(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unlink(path);
	memcpy(at.sun_path, path, sizeof path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static const char *hear(int fd)
{
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(the_systems_log_gets_datagrams)
{
	char where[80], wanted[64];
	struct sink s;

	name_path();
	snprintf(where, sizeof where, "syslog:%s", path);
	ck_assert_int_eq(sink_open(&s, where, STDERR_FILENO), -ENOENT);
	int fd = open_daemon();
	sink_set_syslog(16, "web");
	ck_assert_int_eq(sink_open(&s, where, STDERR_FILENO), 0);
	put(&s);
	snprintf(wanted, sizeof wanted, " web[%d]: some text", (int)getpid());
	ck_assert_int_eq(strncmp(hear(fd), "<132>", 5), 0); /* 16 * 8 + 4 */
	ck_assert_str_eq(strstr(text, " web["), wanted);

	/* A daemon that was started anew is found again; meanwhile lines are lost, and no more. */
	close(fd);
	put(&s);
	fd = open_daemon();
	put(&s);
	ck_assert_str_eq(strstr(hear(fd), " web["), wanted);
	ck_assert(!sink_is_moved(&s));

	/* One that does not read must not hold us up. */
	for (int i = 0; i < 10000; i++)
		put(&s);
	sink_close(&s);
	close(fd);
	unlink(path);
}
END_TEST

UNIT_SUITE_OF(sink, a_file_gets_heads_and_ends, the_journal_gets_severities_instead,
	      the_systems_log_gets_datagrams)
