/* `littled advise`: evidence in, advice out.  Runs in: its own process, one thread. */
#include "cmd/advise.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "cmd/advise_options.h"
#include "cmd/advise_report.h"
#include "cmd/cpu_delay.h"
#include "cmd/fetch.h"
#include "cmd/memory.h"

#define TEXT_MAX (64u << 20)
#define WHY_MAX 1024

enum { EXIT_ADVISED, EXIT_NO_SERVER, EXIT_USAGE, EXIT_NO_DATA };

static int complain(const struct buf *why, int status)
{
	fprintf(stderr, "littled advise: %.*s\n", (int)why->len, why->at ? why->at : "");
	return status;
}

static int from_board(struct evidence *e, const struct advise_options *o, struct buf *why)
{
	struct shm board;
	struct cpus cpus;
	int error = instance_open(&board, &o->instance, why);

	if (error)
		return error;
	struct snapshot *s = snapshot_new(board.at);
	if (s) {
		cpus_read(&cpus);
		snapshot_take(s, o->window_s, clock_mono_ns());
		evidence_take(e, s, cpus_usable(&cpus));
		e->worker_bytes = memory_of_workers(s);
		e->available_bytes = memory_available();
		e->cpu_delay = cpu_delay_of_workers(s);
	} else {
		buf_puts(why, strerror(ENOMEM));
		error = -ENOMEM;
	}
	snapshot_free(&s);
	shm_close(&board);
	return error;
}

static int from_text(struct evidence *e, const struct buf *text, const char *source, struct buf *why)
{
	char reason[200];

	if (evidence_read_json(e, text->at ? text->at : "", text->len, reason, sizeof reason) == 0)
		return 0;
	buf_printf(why, "%s: %s", source, reason);
	return -EINVAL;
}

static int from_url(struct evidence *e, const struct advise_options *o, struct buf *why)
{
	char path[48];
	struct buf text;

	snprintf(path, sizeof path, "/evidence.json?window=%u", o->window_s);
	buf_init(&text, TEXT_MAX);
	int error = fetch(o->url, path, &text, why);
	if (!error)
		error = from_text(e, &text, o->url, why);
	buf_fini(&text);
	return error;
}

static int read_whole(struct buf *text, const char *path)
{
	char piece[16384];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(piece, 1, sizeof piece, f)))
		buf_append(text, piece, n);
	int error = ferror(f) ? -EIO : text->is_short ? -EFBIG : 0;
	fclose(f);
	return error;
}

static int from_file(struct evidence *e, const struct advise_options *o, struct buf *why)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	int error = read_whole(&text, o->file);
	if (error)
		buf_printf(why, "%s: %s", o->file, strerror(-error));
	else
		error = from_text(e, &text, o->file, why);
	buf_fini(&text);
	return error;
}

static int save(const struct evidence *e, const char *path, struct buf *why)
{
	struct buf text;
	FILE *f = fopen(path, "we");
	bool is_written = false;

	buf_init(&text, TEXT_MAX);
	evidence_write_json(&text, e);
	if (f)
		is_written = !text.is_short && fwrite(text.at, 1, text.len, f) == text.len;
	if (f && fclose(f))
		is_written = false;
	buf_fini(&text);
	if (is_written)
		return 0;
	buf_printf(why, "--save %s: %s", path, strerror(errno));
	return -EIO;
}

static int print(const struct advise_options *o, const struct evidence *e, const struct advice *a)
{
	struct buf out;

	buf_init(&out, TEXT_MAX);
	(o->json ? advise_json : advise_text)(&out, e, &o->question, a);
	fwrite(out.at, 1, out.len, stdout); /* main() looks at its fate */
	bool is_cut = out.is_short;
	buf_fini(&out);
	return is_cut ? EXIT_NO_SERVER : a->bound == BOUND_NO_DATA ? EXIT_NO_DATA : EXIT_ADVISED;
}

static int advise(const struct advise_options *o, struct buf *why)
{
	static struct evidence e; /* large */
	static struct advice a;
	int error = o->file  ? from_file(&e, o, why)
		    : o->url ? from_url(&e, o, why)
			     : from_board(&e, o, why);

	if (!error && o->save)
		error = save(&e, o->save, why);
	if (error)
		return complain(why, EXIT_NO_SERVER);
	error = advice_of(&a, &e, &o->question);
	if (error && error != -ENODATA) {
		buf_puts(why, strerror(-error));
		return complain(why, EXIT_NO_SERVER);
	}
	return print(o, &e, &a);
}

int advise_main(int argc, char **argv)
{
	struct advise_options o;
	struct buf why;
	int status = EXIT_ADVISED;

	buf_init(&why, WHY_MAX);
	if (advise_options_parse(&o, argc, argv, &why))
		status = complain(&why, EXIT_USAGE);
	else if (o.help)
		fputs(advise_usage, stdout);
	else
		status = advise(&o, &why);
	buf_fini(&why);
	return status;
}
