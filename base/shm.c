/* SPDX-License-Identifier: ISC */
/* Shared memory, once it is there: mapped by every role. */
#include "base/shm.h"

#include <sys/mman.h>

void *
shm_map(int fd, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return NULL;
	return memory;
}

void
shm_unmap(void *memory, size_t bytes)
{
	if (memory != NULL)
		(void)munmap(memory, bytes);
}
