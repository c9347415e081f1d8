/* Why a path could not be opened.  Runs in: any. */
#include "base/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Cuts `path` down to the highest of its directories that `is_wrong`; false when none is. */
static bool cut_to_wrong_directory(char *path, bool (*is_wrong)(const char *))
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (is_wrong(path))
			return true;
		*slash = '/';
	}
	return false;
}

static bool is_missing(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

static bool is_no_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool is_closed(const char *path)
{
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && errno == EACCES;
}

static void name_user(char *text, size_t text_bytes)
{
	uid_t uid = geteuid();
	struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(text, text_bytes, "user %s", user->pw_name);
	else
		snprintf(text, text_bytes, "user %u", (unsigned)uid);
}

static void explain_access(char *path, char *text, size_t text_bytes)
{
	char user[64];

	name_user(user, sizeof user);
	if (cut_to_wrong_directory(path, is_closed))
		snprintf(text, text_bytes, ": %s may not enter %s", user, path);
	else if (is_missing(path))
		snprintf(text, text_bytes, ": %s may not make files there", user);
	else
		snprintf(text, text_bytes, " for %s", user);
}

const char *reason_of_path(const char *path, int error, char *text, size_t text_bytes)
{
	char at[PATH_MAX];

	error = abs(error);
	size_t n = (size_t)snprintf(text, text_bytes, "%s", strerror(error));
	if (!*path || strlen(path) >= sizeof at || n >= text_bytes)
		return text;
	memcpy(at, path, strlen(path) + 1);
	text += n, text_bytes -= n;
	if (error == ENOENT && cut_to_wrong_directory(at, is_missing))
		snprintf(text, text_bytes, ": there is no directory %s", at);
	else if (error == ENOTDIR && cut_to_wrong_directory(at, is_no_directory))
		snprintf(text, text_bytes, ": %s is none", at);
	else if (error == EACCES)
		explain_access(at, text, text_bytes);
	return text - n;
}
