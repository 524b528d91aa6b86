// Package node stands for simulated code.
//
// as: node
package node

import (
	"context"     // want import
	"sync"        // want import
	"sync/atomic" // want import
)

var mu sync.Mutex

func start(ctx context.Context, done chan int) { // want channel
	go func() { // want goroutine
		done <- 1 // want channel
	}()
	select { // want channel
	case <-ctx.Done(): // want channel
	case v := <-done: // want channel
		_ = v
	}
	for range done { // want channel
	}
	close(done) // want channel
	mu.Lock()
	var n atomic.Int64
	n.Add(1)
}

func drain[C ~chan int](c C) { // want channel
	for range c { // want channel
	}
}

var _, _ = start, drain[chan int] // want channel
