// SPDX-License-Identifier: Apache-2.0
// Jobs from slurmdbd's MySQL or MariaDB, Slurm 20.11 to 26.05, by a user who may only read.
#pragma once

#include "common/accounting/source.h"

// "slurmdb:host=H port=P socket=PATH user=U database=D password_file=FILE ca_file=FILE": all may be
// left out. The password comes from its file (mode 0600) or JOBSIGHT_SLURMDB_PASSWORD.
extern const struct accounting_source slurmdb_source;
