// SPDX-License-Identifier: Apache-2.0
// Products of two 64-bit counts do not fit 64 bits.
#pragma once

__extension__ typedef unsigned __int128 frame_wide;
