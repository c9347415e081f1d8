/*
 * /stream: an answer that goes out piece by piece, with time between them, and fails when told
 * to.  Runs in: slot.
 */
#include "workload.h"

#include <fcntl.h>

struct stream_order {
	double pieces, size; /* how many pieces of how many bytes */
	double ms;           /* between two of them */
	double fail;         /* after so many pieces; less than 0: never */
	double flush;        /* 0: only when the buffer is full */
	double file;         /* 1: the pieces are a file's */
};

static int read_order(struct ltd_exchange *x, const struct workload *w, struct stream_order *o)
{
	static const struct workload_param whole[] = {
		{ "pieces", 0, 1e9, true }, { "size", 0, WORKLOAD_PIECE_BYTES, true },
		{ "fail", -1, 1e9, true },  { "flush", 0, 1, true },
		{ "file", 0, 1, true },
	};
	const struct workload_param ms = { .name = "ms", .high = w->max_ms };
	double *const into[] = { &o->pieces, &o->size, &o->fail, &o->flush, &o->file };

	*o = (struct stream_order){ .pieces = 1, .size = 64, .fail = -1, .flush = 1 };
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (workload_optional(x, &whole[i], into[i]) < 0)
			return -1;
	return workload_optional(x, &ms, &o->ms);
}

static int put_piece(struct ltd_exchange *x, const struct workload *w, const struct stream_order *o)
{
	size_t size = (size_t)o->size;
	int error;

	if (o->file != 0)
		error = ltd_response_file(x, fcntl(w->pattern.fd, F_DUPFD_CLOEXEC, 0), 0, size);
	else
		error = ltd_response_write(x, w->pattern.at, size);
	if (error == 0 && o->flush != 0)
		error = ltd_response_flush(x);
	return error;
}

int workload_stream(struct ltd_exchange *x, void *state)
{
	const struct workload *w = state;
	struct stream_order o;

	if (read_order(x, w, &o) < 0)
		return 0;
	ltd_response_type(x, "text/plain");
	int error = ltd_response_stream(x);
	for (double i = 0; error == 0 && i < o.pieces; i++) {
		if (i == o.fail)
			return -1;
		if (i > 0)
			workload_sleep(o.ms);
		error = put_piece(x, w, &o);
	}
	return error == 0 && o.fail >= o.pieces ? -1 : error;
}
