// SPDX-License-Identifier: Apache-2.0
// What the stand-ins by FUSE share: a folder that they show in some way, files that block, and their main().
#pragma once

#define FUSE_USE_VERSION 35

#include <dirent.h>
#include <fuse3/fuse.h>

int fakefuse_source(void); // the folder that is shown

// A folder below it; NULL: errno says why. readdir() on it and closedir() are the caller's.
DIR *fakefuse_open_folder(const char *path);

void fakefuse_hang_while(const char *name); // for as long as there is that file

// NAME SOURCE MOUNTPOINT, until MOUNTPOINT is unmounted; the program's status.
int fakefuse_main(int argc, char **argv, const struct fuse_operations *operations);
