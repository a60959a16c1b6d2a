// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), as iSCSI, ext4 and Kafka use it: it finds damage, and proves no origin.
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);
// The same without the processor's instruction for it.
uint32_t crc32c_plain(const void *data, size_t len);
