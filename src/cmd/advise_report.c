/* Advice as text and as JSON.  Runs in: the command's process. */
#include "cmd/advise_report.h"

#include <stdio.h>

#include "base/digits.h"
#include "metrics/json.h"

/* --- text ------------------------------------------------------------------------------ */

/* "12.3 ms": three digits, in the unit that suits. */
static const char *time_of(double s, char text[24])
{
	if (s >= 1)
		snprintf(text, 24, "%.3g s", s);
	else if (s >= 1e-3)
		snprintf(text, 24, "%.3g ms", s * 1e3);
	else
		snprintf(text, 24, "%.0f us", s * 1e6);
	return text;
}

static const char *rate_of(double rate, char text[DIGITS_BYTES])
{
	return digits_print(rate, 4, text);
}

static const char *size_of(uint64_t bytes, char text[24])
{
	static const char units[][4] = { "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes / 1024;
	unsigned unit = 0;

	for (; size >= 1024 && unit < 3; unit++)
		size /= 1024;
	snprintf(text, 24, "%.1f %s", size, units[unit]);
	return text;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void put_shape(struct buf *out, unsigned workers, unsigned threads)
{
	buf_printf(out, "%u worker%s x %u thread%s", workers, plural(workers), threads,
		   plural(threads));
}

static void put_arrivals(struct buf *out, const struct evidence *e, const struct advice *a)
{
	if (a->is_closed)
		buf_printf(out,
			   "  arrivals   a closed loop: %.0f requests at the slots, and the next "
			   "comes "
			   "when one is answered\n",
			   a->clients);
	else
		buf_printf(out, "  arrivals   variability Ca2 %.2f%s (1 is a Poisson process)\n",
			   e->Ca2, e->Ca2_seconds < 10 ? ", of too few seconds to be sure" : "");
	if (a->burst > 1)
		buf_printf(out,
			   "             in bursts that the seconds do not show: the waits are "
			   "those of about %u at a time\n",
			   a->burst);
}

static void put_memory(struct buf *out, const struct evidence *e)
{
	char worker[24], available[24];

	if (e->worker_bytes && e->available_bytes)
		buf_printf(out, "  memory     %s a worker, %s available\n",
			   size_of(e->worker_bytes, worker), size_of(e->available_bytes, available));
}

static void put_load(struct buf *out, const struct evidence *e, const struct advice *a)
{
	char mean[24], wait[24], p99[24], rate[DIGITS_BYTES];

	buf_printf(out, "Seen in the last %.0f s", e->window_s);
	if (e->loaded_s < e->window_s)
		buf_printf(out, " (%.1f s of them with requests)", e->loaded_s);
	buf_printf(out, ": %s requests/s for ", rate_of(e->arrival_rate, rate));
	put_shape(out, e->workers, e->threads);
	buf_printf(out, " = %u slot%s\n", e->slots, plural(e->slots));
	buf_printf(out,
		   "  service    %s in the mean, variability Cs2 %.2f; %.0f %% of it is CPU time",
		   time_of(a->mean_service, mean), a->Cs2, 100 * e->cpu_share);
	if (a->computing - e->cpu_share >= 0.01)
		buf_printf(out, ", %.0f %% the wait for a CPU", 100 * (a->computing - e->cpu_share));
	buf_puts(out, "\n");
	put_arrivals(out, e, a);
	buf_printf(out, "  busy       %.2f of %u slots (%.0f %%), %.2f waiting\n", e->L_slot,
		   e->slots, 100 * e->L_slot / e->slots, e->L_wait);
	buf_printf(out, "  wait       %s in the mean, p99 %s\n", time_of(a->measured_mean, wait),
		   time_of(a->measured_p99, p99));
	put_memory(out, e);
}

static void put_headroom(struct buf *out, const struct evidence *e, const struct advice *a)
{
	const char *slots = plural(e->slots), *verb = e->slots == 1 ? "s" : "";
	char rate[DIGITS_BYTES];

	buf_puts(out, "Headroom: ");
	if (a->is_unexplained)
		buf_puts(out, "not known\n");
	else if (a->headroom_rate > 0)
		buf_printf(
			out, "%u slot%s keep%s that up to %s requests/s (%.2f times the present rate)%s\n",
			e->slots, slots, verb, rate_of(a->headroom_rate, rate),
			a->headroom_rate / e->arrival_rate,
			a->is_closed   ? ", of independent arrivals"
			: a->burst > 1 ? ", in bursts no larger"
				       : "");
	else
		buf_printf(out, "none: %u slot%s keep%s that at no rate%s\n", e->slots, slots, verb,
			   a->burst > 1 ? ", for the bursts are too large" : "");
}

static void put_needs(struct buf *out, const struct evidence *e, const struct advice_question *q,
		      const struct advice *a)
{
	char target[24], rate[DIGITS_BYTES];

	buf_printf(out, "Needed so that 99 %% wait no longer than %s: ",
		   time_of(q->target_wait_s, target));
	if (a->slots_needed) {
		buf_printf(out, "%u slot%s: ", a->slots_needed, plural(a->slots_needed));
		put_shape(out, a->workers, a->threads);
	} else {
		buf_puts(out, a->is_unexplained ? "not known" : "no number of slots would do");
	}
	buf_printf(out, "\n  %s\n", a->shape);
	if (a->is_closed && a->slots_needed)
		buf_puts(out,
			 "  as many as are at the slots now: then none of these clients waits\n");
	put_headroom(out, e, a);
	if (a->cpu_rate > 0)
		buf_printf(
			out,
			"CPUs: %u, all busy with handlers at %s requests/s, whatever the slots\n",
			e->cpus, rate_of(a->cpu_rate, rate));
}

static void put_forecast(struct buf *out, const struct forecast *f)
{
	char mean[24], p50[24], p95[24], p99[24], rate[DIGITS_BYTES];

	buf_printf(out, "  %-25s %9s %6u %5.2f ", f->label, rate_of(f->rate, rate), f->slots,
		   f->utilisation);
	if (f->state == FORECAST_UNSTABLE)
		buf_puts(out, "  unstable: more arrives than can be served\n");
	else if (f->state == FORECAST_CLOSED)
		buf_printf(out, "%7s %9s %9s %9s %9s\n", "closed", time_of(f->mean_wait, mean), "-",
			   "-", "-");
	else
		buf_printf(out, "%6.1f%% %9s %9s %9s %9s\n", 100 * f->waiting_part,
			   time_of(f->mean_wait, mean), time_of(f->p50, p50), time_of(f->p95, p95),
			   time_of(f->p99, p99));
}

static void put_assumed(struct buf *out, const struct advice_question *q, const struct advice *a)
{
	if (a->is_closed)
		buf_puts(out,
			 "closed: the same clients, asking again when answered: rate and mean wait "
			 "by Little's law.\n");
	buf_puts(out, "Assumed: one queue before all slots, times independent of each other and of "
		      "the load.\n");
	if (a->burst > 1)
		buf_printf(out,
			   "rho: service time x rate / slots. waits, mean wait, p50, p95, p99: "
			   "simulated, %lu arrivals, %u at a\n"
			   "time, at other rates more or less often, service times as measured.\n",
			   q->arrivals, a->burst);
	else
		buf_printf(
			out,
			"rho: service time x rate / slots. mean wait: Allen and Cunneen's formula. "
			"waits, p50, p95, p99:\n"
			"simulated, %lu arrivals, service times as measured.\n",
			q->arrivals);
}

void advise_text(struct buf *out, const struct evidence *e, const struct advice_question *q,
		 const struct advice *a)
{
	if (a->bound == BOUND_NO_DATA) {
		buf_printf(out, "No advice: %s.\n", a->evidence);
		return;
	}
	put_load(out, e, a);
	buf_printf(out, "Limited by %s\n  %s\n", advice_bound_texts[a->bound], a->evidence);
	put_needs(out, e, q, a);
	if (a->is_unexplained)
		buf_puts(out, "Waits for slots alone, which are not those that were measured:\n");
	buf_puts(out, "What if:                        rate  slots   rho   waits  mean wait       "
		      "p50       p95       p99\n");
	for (unsigned i = 0; i < a->forecast_count; i++)
		put_forecast(out, &a->forecast[i]);
	put_assumed(out, q, a);
}

/* --- JSON ------------------------------------------------------------------------------ */

static void write_forecast(struct json *j, const struct advice *a, const struct forecast *f)
{
	json_open_object(j, NULL);
	json_string(j, "label", f->label);
	json_number(j, "rate", f->rate);
	json_count(j, "slots", f->slots);
	json_number(j, "service_factor", f->service_factor);
	json_number(j, "utilisation", f->utilisation);
	json_string(j, "state", forecast_state_names[f->state]);
	if (f->state == FORECAST_CLOSED)
		json_number(j, "mean_wait_s", f->mean_wait);
	if (f->state == FORECAST_STABLE) {
		json_number(j, "waiting_part", f->waiting_part);
		if (a->burst <= 1)
			json_number(j, "mean_wait_formula_s", f->mean_wait);
		json_number(j, "mean_wait_s", f->mean);
		json_number(j, "p50_wait_s", f->p50);
		json_number(j, "p95_wait_s", f->p95);
		json_number(j, "p99_wait_s", f->p99);
		json_number(j, "p99_total_s", f->total_p99);
	}
	json_close_object(j);
}

static void write_seen(struct json *j, const struct evidence *e, const struct advice *a)
{
	json_open_object(j, "seen");
	json_number(j, "window_s", e->window_s);
	json_number(j, "loaded_s", e->loaded_s);
	json_count(j, "requests", e->service.count);
	json_count(j, "workers", e->workers);
	json_count(j, "threads", e->threads);
	json_count(j, "slots", e->slots);
	json_count(j, "cpus", e->cpus);
	json_number(j, "rate", e->arrival_rate);
	json_number(j, "Ca2", e->Ca2);
	json_number(j, "Cs2", a->Cs2);
	json_number(j, "mean_service_s", a->mean_service);
	json_number(j, "cpu_share", e->cpu_share);
	json_number(j, "cpu_delay", e->cpu_delay);
	json_number(j, "busy_slots", e->L_slot);
	json_number(j, "waiting", e->L_wait);
	json_number(j, "mean_wait_s", a->measured_mean);
	json_number(j, "p50_wait_s", a->measured_p50);
	json_number(j, "p99_wait_s", a->measured_p99);
	json_close_object(j);
}

static void write_answer(struct json *j, const struct advice *a)
{
	if (a->slots_needed) {
		json_open_object(j, "needed");
		json_count(j, "slots", a->slots_needed);
		json_count(j, "workers", a->workers);
		json_count(j, "threads", a->threads);
		json_string(j, "why", a->shape);
		json_close_object(j);
	} else {
		json_null(j, "needed");
		json_string(j, "why_none", a->shape);
	}
	json_string(j, "load", a->is_closed ? "closed" : "open");
	if (a->is_unexplained) {
		json_null(j, "burst");
		json_null(j, "headroom_rate");
	} else {
		json_count(j, "burst", a->burst);
		json_number(j, "headroom_rate", a->headroom_rate);
	}
	if (a->cpu_rate > 0)
		json_number(j, "cpu_rate", a->cpu_rate);
	else
		json_null(j, "cpu_rate");
	json_open_array(j, "what_if");
	for (unsigned i = 0; i < a->forecast_count; i++)
		write_forecast(j, a, &a->forecast[i]);
	json_close_array(j);
}

void advise_json(struct buf *out, const struct evidence *e, const struct advice_question *q,
		 const struct advice *a)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_string(&j, "limit", advice_bound_names[a->bound]);
	json_string(&j, "evidence", a->evidence);
	if (a->bound != BOUND_NO_DATA) {
		write_seen(&j, e, a);
		json_number(&j, "target_wait_s", q->target_wait_s);
		json_count(&j, "arrivals_simulated", q->arrivals);
		write_answer(&j, a);
	}
	json_close_object(&j);
	buf_puts(out, "\n");
}
