// SPDX-License-Identifier: Apache-2.0
// Jobs that jobsight-import or jobsight-load brought into the warehouse, by a role that may only read.
#pragma once

#include "common/accounting/source.h"

// "warehouse": the server of the settings; "warehouse:host=H dbname=D user=U": another one, whose
// password libpq finds in its own places (~/.pgpass).
extern const struct accounting_source warehouse_source;
