/* Writing and reading letters.  Runs in: leader. */
#include "proc/letter.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock.h"

#define FDS_MOST 3 /* the socket, a stored body, a file of bytes */

/* All pieces into an anonymous file. */
static int write_file(struct shm *file, const struct conn_image *image)
{
	int error = shm_open_new(file, "littled-letter", image->bytes);
	char *at = file->at;

	for (unsigned i = 0; i < image->count && !error; i++) {
		memcpy(at, image->piece[i].iov_base, image->piece[i].iov_len);
		at += image->piece[i].iov_len;
	}
	return error;
}

static int send_record(int inbox, const struct iovec *iov, unsigned count, const int *fds,
		       unsigned fd_count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MOST * sizeof(int))] = { 0 };
	struct msghdr m = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = count,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(fd_count * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	return sendmsg(inbox, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int letter_send(int inbox, struct letter *letter, const struct conn *c)
{
	struct conn_image image;
	struct iovec iov[1 + CONN_IMAGE_PIECES] = { { letter, sizeof *letter } };
	int fds[FDS_MOST] = { c->io.fd };
	unsigned fd_count = 1;

	conn_image(c, &image);
	conn_passport(c, &letter->passport);
	if (letter->passport.stored_bytes)
		fds[fd_count++] = conn_body_fd(c);
	letter->bytes = image.bytes;
	letter->is_in_file = image.bytes > LETTER_BYTES_MAX;
	if (!letter->is_in_file) {
		memcpy(iov + 1, image.piece, image.count * sizeof *iov);
		return send_record(inbox, iov, 1 + image.count, fds, fd_count);
	}

	struct shm file;
	int error = write_file(&file, &image);
	if (error)
		return error;
	fds[fd_count++] = file.fd;
	error = send_record(inbox, iov, 1, fds, fd_count);
	shm_close(&file);
	return error;
}

/* The descriptors that came; those the kernel could not give us are -1. */
static void take_descriptors(struct msghdr *m, int fds[FDS_MOST])
{
	for (unsigned i = 0; i < FDS_MOST; i++)
		fds[i] = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fds, CMSG_DATA(c),
			       bytes < FDS_MOST * sizeof(int) ? bytes : FDS_MOST * sizeof(int));
	}
}

/* In the order of letter_send(). */
static void sort_descriptors(struct letter_in *in, const int fds[FDS_MOST])
{
	unsigned i = 0;

	in->arrival.fd = fds[i++];
	if (in->letter.passport.stored_bytes)
		in->arrival.body_fd = fds[i++];
	if (in->letter.is_in_file && shm_open_fd(&in->file, fds[i]) == 0)
		in->arrival.bytes = in->file.at;
}

int letter_receive(int inbox, struct letter_in *in)
{
	static char bytes[LETTER_BYTES_MAX]; /* one leader at a time */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MOST * sizeof(int))];
	struct iovec iov[] = { { &in->letter, sizeof in->letter }, { bytes, sizeof bytes } };
	struct msghdr m = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	int fds[FDS_MOST];

	*in = (struct letter_in){
		.arrival = { .fd = -1, .body_fd = -1 },
		.file = { .fd = -1 },
	};
	ssize_t n = recvmsg(inbox, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	take_descriptors(&m, fds);
	in->arrival.len = in->letter.bytes;
	if (!in->letter.is_in_file)
		in->arrival.bytes = bytes;
	sort_descriptors(in, fds);
	return 0;
}

bool letter_is_whole(const struct letter_in *in)
{
	const struct conn_arrival *a = &in->arrival;

	return a->fd >= 0 && a->bytes && (a->body_fd >= 0 || !in->letter.passport.stored_bytes);
}

void letter_taken(struct letter_in *in)
{
	in->arrival.fd = in->arrival.body_fd = -1;
}

void letter_discard(struct letter_in *in)
{
	shm_close(&in->file);
	if (in->arrival.body_fd >= 0)
		close(in->arrival.body_fd);
	if (in->arrival.fd >= 0)
		sock_close(in->arrival.fd);
	letter_taken(in);
}
