// SPDX-License-Identifier: MIT

// hop_go N BATCH: ns per 64-bit item from a generator through a processor that does nothing to a
// consumer, over two Go channels of capacity 1024 (64 with batches).
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	n, _ := strconv.ParseUint(os.Args[1], 10, 64)
	b, _ := strconv.Atoi(os.Args[2])
	var sum uint64
	t := time.Now()
	if b == 1 {
		c1, c2 := make(chan uint64, 1024), make(chan uint64, 1024)
		go func() {
			for i := uint64(0); i < n; i++ {
				c1 <- i
			}
			close(c1)
		}()
		go func() {
			for v := range c1 {
				c2 <- v ^ 1
			}
			close(c2)
		}()
		for v := range c2 {
			sum += v
		}
	} else {
		c1, c2 := make(chan []uint64, 64), make(chan []uint64, 64)
		go func() {
			for i := uint64(0); i < n; {
				x := make([]uint64, 0, b)
				for len(x) < b && i < n {
					x = append(x, i)
					i++
				}
				c1 <- x
			}
			close(c1)
		}()
		go func() {
			for x := range c1 {
				for i := range x {
					x[i] ^= 1
				}
				c2 <- x
			}
			close(c2)
		}()
		for x := range c2 {
			for _, v := range x {
				sum += v
			}
		}
	}
	d := float64(time.Since(t).Nanoseconds()) / float64(n)
	fmt.Printf("%.3f\n", d)
	fmt.Fprintf(os.Stderr, "go N=%d B=%d sum=%d ns/item=%.3f\n", n, b, sum, d)
}
