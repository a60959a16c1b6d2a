// SPDX-License-Identifier: Apache-2.0
// Our declarations of NVIDIA's management library beside what its maker gives out: sizes, offsets and
// numbers, written down by hand from the header of release 12.9.79 and from nvidia-ml-py 13.615.71 (where
// nvml-compare looks them up again, if Python has it).
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stddef.h>

#include "pmdas/accelerator/nvml.h"

#define SIZE(type, bytes)       _Static_assert(sizeof(type) == (bytes), #type)
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define NUMBER(name, value)     _Static_assert((name) == (value), #name)

SIZE(struct nvml_pci, 68);
AT(struct nvml_pci, domain, 16);
AT(struct nvml_pci, bus, 20);
AT(struct nvml_pci, device, 24);
AT(struct nvml_pci, bus_id, 36);
SIZE(struct nvml_utilization, 8);
SIZE(struct nvml_memory, 24);
AT(struct nvml_memory, free, 8);
AT(struct nvml_memory, used, 16);
SIZE(struct nvml_memory_v2, 40);
AT(struct nvml_memory_v2, total, 8);
AT(struct nvml_memory_v2, reserved, 16);
AT(struct nvml_memory_v2, free, 24);
AT(struct nvml_memory_v2, used, 32);
SIZE(struct nvml_violation, 16);
AT(struct nvml_violation, violation_ns, 8);
SIZE(struct nvml_process, 24);
AT(struct nvml_process, memory, 8);
AT(struct nvml_process, gpu_instance, 16);
SIZE(struct nvml_process_sample, 32);
AT(struct nvml_process_sample, time_us, 8);
AT(struct nvml_process_sample, sm, 16);
SIZE(struct nvml_field, 40);
AT(struct nvml_field, scope, 4);
AT(struct nvml_field, timestamp, 8);
AT(struct nvml_field, latency, 16);
AT(struct nvml_field, type, 24);
AT(struct nvml_field, rc, 28);
AT(struct nvml_field, value, 32);
SIZE(struct nvml_event, 32);
AT(struct nvml_event, type, 8);
AT(struct nvml_event, data, 16);
AT(struct nvml_event, gpu_instance, 24);
SIZE(struct nvml_gpm_support, 8);
SIZE(struct nvml_gpm_metric, 40);
AT(struct nvml_gpm_metric, rc, 4);
AT(struct nvml_gpm_metric, value, 8);
AT(struct nvml_gpm_metric, info, 16);
AT(struct nvml_gpm_metrics, n, 4);
AT(struct nvml_gpm_metrics, before, 8);
AT(struct nvml_gpm_metrics, now, 16);
AT(struct nvml_gpm_metrics, metrics, 24);

NUMBER(NVML_SUCCESS, 0);
NUMBER(NVML_NOT_SUPPORTED, 3);
NUMBER(NVML_NOT_FOUND, 6);
NUMBER(NVML_INSUFFICIENT_SIZE, 7);
NUMBER(NVML_EVENT_XID, 8);
NUMBER(NVML_OUR_CLOCK_SM, 1);
NUMBER(NVML_OUR_CLOCK_MEM, 2);
NUMBER(NVML_OUR_POLICY_POWER, 0);
NUMBER(NVML_OUR_POLICY_THERMAL, 1);
NUMBER(NVML_OUR_ERROR_CORRECTED, 0);
NUMBER(NVML_OUR_ERROR_UNCORRECTED, 1);
NUMBER(NVML_OUR_TYPE_UINT, 1);
NUMBER(NVML_OUR_TYPE_ULONG, 2);
NUMBER(NVML_OUR_TYPE_ULONGLONG, 3);
NUMBER(NVML_OUR_FIELD_CRC_FLIT, 38);
NUMBER(NVML_OUR_FIELD_CRC_DATA, 45);
NUMBER(NVML_OUR_FIELD_REPLAY, 52);
NUMBER(NVML_OUR_FIELD_RECOVERY, 59);
NUMBER(NVML_OUR_FIELD_NVLINK_TX, 138);
NUMBER(NVML_OUR_FIELD_NVLINK_RX, 139);
NUMBER(NVML_OUR_FIELD_PCIE_TX, 197);
NUMBER(NVML_OUR_FIELD_PCIE_RX, 198);
NUMBER(NVML_OUR_FIELD_LINK_SENT, 202);
NUMBER(NVML_OUR_FIELD_LINK_RECEIVED, 204);
_Static_assert(NVML_GPM_ROOM >= 477, "the newest library's metrics");

// The library compares this number, which has the structure's size in it.
Test(nvml, version_of_the_memory_structure)
{
	cr_assert(eq(uint, (unsigned)(sizeof(struct nvml_memory_v2) | 2 << 24), 0x02000028));
}
