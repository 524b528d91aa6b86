// Package netsim stands for simulated code.
//
// as: netsim
package netsim

import (
	_ "crypto/rand"  // want import
	_ "hash/maphash" // want import
	_ "math/rand"    // want import
	_ "math/rand/v2" // want import
	_ "net"          // want import
	_ "os"           // want import
	_ "unsafe"       // want import
)
