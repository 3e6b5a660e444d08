/* SPDX-License-Identifier: MIT */
/* A plugin that was built for version 3 of the ABI, which this host has never heard of. */
#include <stdint.h>

extern const uint32_t pphost_plugin_v3[4];
const uint32_t pphost_plugin_v3[4] = {16, 1, 0, 0};
