/* Writing and reading letters.  Runs in: leader. */
#include "proc/letter.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/sock.h"

#define FDS_MOST 2

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
	int fds[FDS_MOST] = { c->io.fd, -1 };

	conn_image(c, &image);
	conn_passport(c, &letter->passport);
	letter->bytes = image.bytes;
	letter->is_in_file = image.bytes > LETTER_BYTES_MAX;
	if (!letter->is_in_file) {
		memcpy(iov + 1, image.piece, image.count * sizeof *iov);
		return send_record(inbox, iov, 1 + image.count, fds, 1);
	}

	struct shm file;
	int error = write_file(&file, &image);
	if (error)
		return error;
	fds[1] = file.fd;
	error = send_record(inbox, iov, 1, fds, 2);
	shm_close(&file);
	return error;
}

/* The descriptors that came; those the kernel could not give us are -1. */
static void take_descriptors(struct msghdr *m, int fds[FDS_MOST])
{
	fds[0] = fds[1] = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fds, CMSG_DATA(c),
			       bytes < FDS_MOST * sizeof(int) ? bytes : FDS_MOST * sizeof(int));
	}
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

	*in = (struct letter_in){ .fd = -1, .file = { .fd = -1 } };
	ssize_t n = recvmsg(inbox, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	take_descriptors(&m, fds);
	in->fd = fds[0];
	if (!in->letter.is_in_file)
		in->bytes = bytes;
	else if (shm_open_fd(&in->file, fds[1]) == 0)
		in->bytes = in->file.at;
	return 0;
}

void letter_discard(struct letter_in *in)
{
	shm_close(&in->file);
	if (in->fd >= 0)
		sock_close(in->fd);
	in->fd = -1;
}
