package ensemble

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Leader waits for a server that says to lead.
func (e *Ensemble) Leader(timeout time.Duration) (int, error) {
	for deadline := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
		for i, s := range e.servers {
			if s.process == nil {
				continue
			}
			if text, err := FourLetterWord(s.client, "srvr"); err == nil && strings.Contains(text, "Mode: leader") {
				return i, nil
			}
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("no server says to lead after %v", timeout)
		}
	}
}

// FourLetterWord sends a word to a client port and gives the answer.
func FourLetterWord(addr, word string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := io.WriteString(c, word); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}
