package main

import (
	"fmt"
	"strings"
)

// property is one setting of a file.
type property struct {
	key, value string
	line       int
}

// parseProperties reads the format of zoo.cfg: KEY=VALUE or KEY: VALUE, comments
// that begin with # or !, and lines that go on behind a backslash.
func parseProperties(file, content string) ([]property, error) {
	var list []property
	var pending string
	started := 0
	for i, line := range strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		line = strings.TrimLeft(line, " \t\f")
		if pending == "" {
			started = i + 1
			if line == "" || line[0] == '#' || line[0] == '!' {
				continue
			}
		}
		if head, more := strings.CutSuffix(line, `\`); more {
			pending += head
			continue
		}
		p, err := parseProperty(pending + line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, started, err)
		}
		p.line, pending = started, ""
		list = append(list, p)
	}
	if pending != "" {
		return nil, fmt.Errorf("%s:%d: %q: the line goes on behind its backslash, and the file ends", file, started, pending)
	}
	return list, nil
}

func parseProperty(line string) (property, error) {
	at := strings.IndexAny(line, "=:")
	if at < 0 {
		return property{}, fmt.Errorf("%q: want KEY=VALUE", strings.TrimSpace(line))
	}
	p := property{key: strings.TrimSpace(line[:at]), value: strings.TrimSpace(line[at+1:])}
	if p.key == "" {
		return property{}, fmt.Errorf("%q: a value without a key; want KEY=VALUE", strings.TrimSpace(line))
	}
	return p, nil
}
