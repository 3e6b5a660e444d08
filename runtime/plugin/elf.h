/* SPDX-License-Identifier: MIT */
/*
 * What can be told about a plugin file before the dynamic loader sees it.
 *
 * dlopen() runs a file's constructors, answers a foreign file with a sentence for linker authors,
 * and dies of SIGBUS on one that was cut short.  So the file's ELF tables are read first, with
 * bounds, and whatever can be refused there is refused without running anything.
 */
#ifndef PLUGIN_ELF_H
#define PLUGIN_ELF_H

#include <stdint.h>

#include "plugin/refusal.h"

/*
 * Reads the file open at `fd`, `size` bytes long, and returns whether it may be given to dlopen():
 * a whole shared object for this machine, without executable stack, text relocations and unique
 * symbols, that itself exports the plugin symbol.  `shown` is how messages call the file.  On false
 * the refusal is filled.  A file without a section table is judged on the rest; the loader looks
 * for the symbol again.  Blocks while it reads.  [any thread]
 */
bool elf_check(int fd, uint64_t size, const char *shown,
               struct refusal *refusal) PPH_NODISCARD;

#endif /* PLUGIN_ELF_H */
