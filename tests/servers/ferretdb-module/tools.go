// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the document server that the tests start; ../ferretdb builds it.
package tools

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
