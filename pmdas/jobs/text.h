// SPDX-License-Identifier: Apache-2.0
// What stands in files of control groups (both versions), in /proc and in resctrl. The texts come from
// the kernel and, in their numbers, from users: lines that are not understood are left out, and what is
// not there stays not known.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmdas/frame/frame.h"

// A value in a file, and where it goes; see files.h.
struct jobs_key;

// Puts the values of n keys into ret, each not known at first.
typedef void jobs_parser(
	const char *text, const struct jobs_key *keys, unsigned n, struct frame_reading *ret);

jobs_parser jobs_parse_keyed;  // lines "NAME VALUE"
jobs_parser jobs_parse_number; // one number; "max" and -1 are none
jobs_parser
	jobs_parse_pressure;  // "some avg10=... total=N": the totals, of lines called as the keys
jobs_parser jobs_parse_quota; // "QUOTA PERIOD" in microseconds: thousandths of a CPU

enum jobs_io_kind { JOBS_READ, JOBS_WRITE, JOBS_DISCARD, JOBS_IO_KINDS };

#define JOBS_IO_VALUES (2 * JOBS_IO_KINDS) // bytes of each kind, then calls of each kind

struct jobs_io { // of one block device
	unsigned major;
	unsigned minor;
	struct frame_reading v[JOBS_IO_VALUES];
};

// io.stat: a line for each device. How many were found, at most room.
unsigned jobs_parse_io(const char *text, struct jobs_io *ret, unsigned room);

// blkio.throttle.io_service_bytes and io_serviced: a line for each device and kind, the values put at
// v[first + kind]. *n devices are there already.
void jobs_parse_blkio(
	const char *text, unsigned first, struct jobs_io *ret, unsigned *n, unsigned room);

// cpuacct.usage_percpu: a number for each CPU. How many, at most room.
unsigned jobs_parse_each_cpu(const char *text, uint64_t *ret, unsigned room);

struct jobs_device {
	unsigned major;
	unsigned minor;
};

// devices.list: the character devices with both numbers named. Their number; -1: everything is allowed.
int jobs_parse_devices(const char *text, struct jobs_device *ret, unsigned room);

struct jobs_stat { // of a process or thread
	unsigned long threads;
	unsigned cpu;   // that it ran on last
	uint64_t ticks; // of CPU time that it has used
	uint64_t start; // ticks since boot
};

int jobs_parse_stat(const char *text, struct jobs_stat *ret); // /proc/PID/stat; 0 or -EINVAL
int jobs_parse_uid(const char *text, unsigned *ret);          // /proc/PID/status; 0 or -EINVAL

// Numbers of processes, one a line. How many, at most room.
unsigned jobs_parse_pids(const char *text, unsigned *ret, unsigned room);

// The word behind a name, of lines "NAME WORD", as jobs_copy_name() does; false: there is none.
bool jobs_parse_word(const char *text, const char *name, char *ret, size_t size);

// The line "gpus 0,3" or "gpus none" of what a prolog left: ascending numbers. How many, or negative: it does
// not say.
int jobs_parse_gpus(const char *text, unsigned *ret, unsigned room);

int jobs_parse_minor(const char *text, unsigned *ret); // of NVIDIA's file information; 0 or -EINVAL
// The PCI address in a device's uevent, as jobs_copy_name() does; 0 or -ENOENT.
int jobs_parse_slot(const char *text, char *ret, size_t size);
// The user that a path of a control group names, as version 1 does; 0 or -ENOENT.
int jobs_parse_path_uid(const char *path, unsigned *ret);

// Copies a name from outside, with _ for what is not a letter, digit or one of _.-+@:, and cuts it.
void jobs_copy_name(char *ret, size_t size, const char *name);
