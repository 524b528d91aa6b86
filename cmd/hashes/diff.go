package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// diffFiles compares two lists that were printed with checkpoints.
func diffFiles(o *options, stdout, _ io.Writer, _ simulation) (bool, error) {
	a, err := os.ReadFile(o.files[0])
	if err != nil {
		return false, err
	}
	b, err := os.ReadFile(o.files[1])
	if err != nil {
		return false, err
	}
	return diff(stdout, string(a), string(b))
}

// twice runs every seed twice in this process and compares.
func twice(o *options, stdout, stderr io.Writer, simulate simulation) (bool, error) {
	o.checkpoints = true
	var first, second bytes.Buffer
	ok, err := list(o, &first, stderr, simulate)
	if err != nil {
		return false, err
	}
	if _, err := list(o, &second, io.Discard, simulate); err != nil {
		return false, err
	}
	same, err := diff(stdout, first.String(), second.String())
	return ok && same, err
}

// diff prints, for every seed whose lines differ in a and b, the first line
// that does, and then a summary. It reports whether there is no difference;
// two empty lists are a mistake.
func diff(w io.Writer, a, b string) (bool, error) {
	order, left := bySeed(a)
	orderB, right := bySeed(b)
	if len(order) == 0 && len(orderB) == 0 {
		return false, errors.New("nothing to compare: both lists are empty")
	}
	for _, seed := range orderB {
		if left[seed] == nil {
			order = append(order, seed)
		}
	}
	differ := 0
	for _, seed := range order {
		if la, lb, ok := firstDifference(left[seed], right[seed]); ok {
			differ++
			fmt.Fprintf(w, "%s differs first at\n  %s\n  %s\n", seed, la, lb)
		}
	}
	_, err := fmt.Fprintf(w, "%d of %d seeds differ\n", differ, len(order))
	return differ == 0, err
}

// bySeed gathers the lines of each seed, without it, in order.
func bySeed(text string) (order []string, lines map[string][]string) {
	lines = map[string][]string{}
	for line := range strings.Lines(text) {
		seed, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if lines[seed] == nil {
			order = append(order, seed)
		}
		lines[seed] = append(lines[seed], rest)
	}
	return order, lines
}

// firstDifference returns the first lines that differ; a list that has ended
// has the line "nothing".
func firstDifference(a, b []string) (la, lb string, ok bool) {
	for i := range max(len(a), len(b)) {
		la, lb = lineAt(a, i), lineAt(b, i)
		if la != lb {
			return la, lb, true
		}
	}
	return "", "", false
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing"
	}
	return lines[i]
}
