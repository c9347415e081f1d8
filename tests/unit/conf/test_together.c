/* Options that may not go together. */
#include "conf/together.h"

#include "probe.h"
#include "unit.h"

static struct probe p;

static void refuses(const char *const *arguments, const char *why)
{
	probe_load(&p, NULL, WORDS(), arguments);
	probe_assert_refused(&p, "", why);
	probe_fini(&p);
}

START_TEST(an_address_is_given_once)
{
	refuses(WORDS("app", "-b", "127.0.0.1:80", "-b", "127.0.0.1:80"),
		"bind = 127.0.0.1:80: expected another address, a bind before it has this one");
	refuses(WORDS("app", "-b", "a:80,b:80", "--admin-bind", "B:80"), "admin_bind = B:80: ");
	refuses(WORDS("app", "-b", "unix:/x", "-b", "unix:/x"), "bind = unix:/x: ");
	refuses(WORDS("app", "-b", "unix:/x", "--control-socket", "/x"), "control_socket = /x: ");
	refuses(WORDS("app", "--admin-bind", "unix:/x", "--control-socket", "/x"),
		"control_socket = /x: ");
}
END_TEST

START_TEST(the_systems_log_has_a_path_or_the_usual_one)
{
	refuses(WORDS("app", "--error-logfile", "syslog:"),
		"error_logfile = syslog:: expected syslog, or syslog:PATH");
	refuses(WORDS("app", "--access-logfile", "syslog:"), "access_logfile = syslog:: expected ");
	probe_load(&p, NULL, WORDS(),
		   WORDS("app", "--error-logfile", "syslog", "--access-logfile", "syslog:/x"));
	ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
	probe_fini(&p);
}
END_TEST

START_TEST(what_differs_in_anything_goes_together)
{
	probe_load(&p, NULL, WORDS(),
		   WORDS("app", "-b", "127.0.0.1:80,127.0.0.1:81,127.0.0.2:80,:80,[::1]:80,unix:/x",
			 "-b", "127.0.0.1:0,127.0.0.1:0,unix:127.0.0.1:80", "--admin-bind",
			 "127.0.0.1:0", "--control-socket", "/y"));
	ck_assert_msg(p.verdict == CONF_SERVE, "%s", p.err);
	probe_fini(&p);
}
END_TEST

UNIT_SUITE_OF(together, an_address_is_given_once, the_systems_log_has_a_path_or_the_usual_one,
	      what_differs_in_anything_goes_together)
