package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// place is where a test lives, as a person names it at the top of the module.
type place struct {
	dir      string // of the package, absolute: go test runs there
	relative string // of it, from the top of the module, with slashes; "" at the top
	pkg      string // its import path; "" where there is no module
}

// here finds the place of the test that runs.
func here() place {
	dir, err := os.Getwd()
	if err != nil {
		return place{}
	}
	for root := dir; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil {
			rel, _ := filepath.Rel(root, dir)
			return placed(dir, filepath.ToSlash(rel), modulePath(string(text)))
		}
		if filepath.Dir(root) == root {
			return place{dir: dir}
		}
	}
}

func placed(dir, relative, module string) place {
	p := place{dir: dir, relative: relative, pkg: module}
	if relative == "." {
		p.relative = ""
	} else if module != "" {
		p.pkg = module + "/" + relative
	}
	return p
}

// modulePath reads the line module of a go.mod.
func modulePath(text string) string {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		if words := strings.Fields(line); len(words) == 2 && words[0] == "module" {
			return strings.Trim(words[1], "\"`")
		}
	}
	return ""
}

// argument is the package as an argument of go test at the top of the module.
func (p place) argument() string {
	if p.relative == "" {
		return "."
	}
	return "./" + p.relative
}

// fromTop is a file of the package as seen from the top of the module.
func (p place) fromTop(file string) string {
	if p.relative == "" || filepath.IsAbs(file) {
		return filepath.ToSlash(file)
	}
	return p.relative + "/" + filepath.ToSlash(file)
}

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._=-]`)

// corpusDir is where the bundles of a test are kept, within its package.
func corpusDir(test string) string {
	path := []string{"testdata", "sim"}
	for part := range strings.SplitSeq(test, "/") {
		part = unsafeInName.ReplaceAllString(part, "_")
		if strings.Trim(part, ".") == "" {
			part = "_"
		}
		path = append(path, part)
	}
	return filepath.Join(path...)
}

// shellSafe are the characters that no POSIX shell gives a meaning to.
const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%"

// quote writes one word so that a POSIX shell reads it back unchanged.
func quote(word string) string {
	if word != "" && strings.Trim(word, shellSafe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
