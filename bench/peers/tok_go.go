// SPDX-License-Identifier: MIT

// tok_go MODE IN OUT: Go channels, two goroutines that cut lines.
//
// line   an item is a line
// batch  an item is 256 lines
// chunk  an item is 1 MiB of lines, cut by a loop over its bytes
//
// The results come in any order: channels keep none.
package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
)

func ws(c byte) bool { return c == ' ' || (c >= 9 && c <= 13) }

func main() {
	mode := os.Args[1]
	in, err := os.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	out, err := os.Create(os.Args[3])
	if err != nil {
		panic(err)
	}
	w := bufio.NewWriterSize(out, 1<<20)
	var wg sync.WaitGroup
	switch mode {
	case "line":
		jobs, res := make(chan string, 1024), make(chan []string, 1024)
		for i := 0; i < 2; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for l := range jobs {
					res <- strings.Fields(l)
				}
			}()
		}
		go func() { wg.Wait(); close(res) }()
		go func() {
			s := bufio.NewScanner(in)
			s.Buffer(make([]byte, 1<<20), 1<<20)
			for s.Scan() {
				jobs <- s.Text()
			}
			close(jobs)
		}()
		for t := range res {
			for _, x := range t {
				w.WriteString(x)
				w.WriteByte('\n')
			}
		}
	case "batch":
		jobs, res := make(chan []string, 64), make(chan []string, 64)
		for i := 0; i < 2; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for b := range jobs {
					r := make([]string, 0, 4*len(b))
					for _, l := range b {
						r = append(r, strings.Fields(l)...)
					}
					res <- r
				}
			}()
		}
		go func() { wg.Wait(); close(res) }()
		go func() {
			s := bufio.NewScanner(in)
			s.Buffer(make([]byte, 1<<20), 1<<20)
			b := make([]string, 0, 256)
			for s.Scan() {
				b = append(b, s.Text())
				if len(b) == 256 {
					jobs <- b
					b = make([]string, 0, 256)
				}
			}
			jobs <- b
			close(jobs)
		}()
		for t := range res {
			for _, x := range t {
				w.WriteString(x)
				w.WriteByte('\n')
			}
		}
	case "chunk":
		type ch struct{ in, out []byte }
		free := make(chan *ch, 8)
		for i := 0; i < 8; i++ {
			free <- &ch{make([]byte, 0, 4<<20), make([]byte, 4<<20)}
		}
		jobs, res := make(chan *ch, 8), make(chan *ch, 8)
		for i := 0; i < 2; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for c := range jobs {
					o, p, out := 0, true, c.out[:cap(c.out)]
					for _, x := range c.in {
						if ws(x) {
							if !p {
								out[o] = '\n'
								o++
							}
							p = true
						} else {
							out[o] = x
							o++
							p = false
						}
					}
					if !p {
						out[o] = '\n'
						o++
					}
					c.out = out[:o]
					res <- c
				}
			}()
		}
		go func() { wg.Wait(); close(res) }()
		go func() {
			carry := make([]byte, 0, 1<<20)
			for {
				c := <-free
				c.in = append(c.in[:0], carry...)
				n := len(c.in)
				r, err := io.ReadFull(in, c.in[n:n+(1<<20)])
				c.in = c.in[:n+r]
				if err != nil {
					if len(c.in) > 0 {
						jobs <- c
					}
					close(jobs)
					return
				}
				e := bytes.LastIndexByte(c.in, '\n')
				carry = append(carry[:0], c.in[e+1:]...)
				c.in = c.in[:e+1]
				jobs <- c
			}
		}()
		for c := range res {
			out.Write(c.out)
			free <- c
		}
	}
	w.Flush()
	out.Close()
}
