/*
 * Runs a fuzz target over committed inputs, without libFuzzer: each file of the directories
 * named, whole and every beginning of it.
 *
 *	usage: replay_NAME DIRECTORY...
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_BYTES_MAX 65536
#define PREFIXES_OF_BYTES_MAX 1024 /* of longer inputs only the whole is run */

/* The copy is as long as the input: a byte read behind it is a byte a sanitizer sees. */
static void run(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int replay_file(const char *path)
{
	static uint8_t bytes[INPUT_BYTES_MAX];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return -1;
	}
	size_t len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (size_t n = len <= PREFIXES_OF_BYTES_MAX ? 0 : len; n <= len; n++)
		run(bytes, n);
	return 0;
}

static int replay_directory(const char *path)
{
	char file[4096];
	DIR *d = opendir(path);
	int count = 0;

	if (!d) {
		perror(path);
		return -1;
	}
	for (struct dirent *e = readdir(d); e && count >= 0; e = readdir(d)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		count = replay_file(file) < 0 ? -1 : count + 1;
	}
	closedir(d);
	return count;
}

int main(int argc, char **argv)
{
	int inputs = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay_directory(argv[i]);

		if (n < 0)
			return 1;
		inputs += n;
	}
	printf("%s: %d inputs\n", argv[0], inputs);
	return inputs ? 0 : 1;
}
