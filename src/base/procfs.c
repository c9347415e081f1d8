/* Files of a process.  Runs in: any. */
#include "base/procfs.h"

#include <stdio.h>

size_t procfs_read(pid_t pid, const char *name, char *text, size_t bytes)
{
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	FILE *f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, bytes - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return n;
}
