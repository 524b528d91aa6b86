package main

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// The form that CI systems read as JUnit: a suite, in it a case for each seed.
// Its schema is testdata/junit.xsd.
type (
	junitCase struct {
		XMLName xml.Name   `xml:"testcase"`
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Time    string     `xml:"time,attr"` // seconds
		Failure *junitText `xml:"failure"`   // violated
		Skipped *junitText `xml:"skipped"`   // unknown
	}
	junitText struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

// junitFile is a report that is being written. Its cases go to a file as they
// come; what is said of all of them is written in front of them at the end. The
// nil file keeps nothing.
type junitFile struct {
	path   string
	stdout io.Writer // where path is -
	cases  *os.File
	buffer *bufio.Writer
}

// junitSuite is what is said of all cases.
type junitSuite struct {
	name       string
	tally      *tally
	properties []junitProperty
}

// openJUnit begins a report, if one was asked for.
func (a *app) openJUnit(path string, force bool, out *outFlags) (*junitFile, error) {
	if path == "" {
		return nil, nil
	}
	dir := ""
	if path == "-" {
		if out.json {
			return nil, usagef("--junit - and --json both want standard output; give one of them a file")
		}
	} else {
		dir = filepath.Dir(path)
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			return nil, usagef("--junit %s: this is a directory; name a file in it", path)
		case err == nil && info.Mode().IsRegular() && !force:
			return nil, usagef("--junit %s: this file is there; move it, or say --force", path)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, usagef("--junit: %v", err)
		}
	}
	cases, err := os.CreateTemp(dir, ".zksim-junit-*")
	if err != nil {
		return nil, fmt.Errorf("cannot write the JUnit report: %w", err)
	}
	return &junitFile{path, a.stdout, cases, bufio.NewWriter(cases)}, nil
}

// add writes a case.
func (j *junitFile) add(d *report.Document) error {
	if j == nil {
		return nil
	}
	c := junitCase{Class: "zksim." + d.Config.Profile, Name: "seed " + d.Seed, Time: seconds(d.Wall)}
	switch d.Verdict {
	case engine.VerdictViolated:
		c.Failure = &junitText{d.Property, legible(d.Property + " (" + d.Place + ")"), legible(documentText(d))}
	case engine.VerdictUnknown:
		c.Skipped = &junitText{"", "unknown", legible(documentText(d))}
	}
	text, err := xml.MarshalIndent(&c, "    ", "  ")
	if err == nil {
		_, err = j.buffer.Write(append(text, '\n'))
	}
	return junitError(err)
}

func junitError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write the JUnit report: %w", err)
}

func seconds(ns int64) string {
	return fmt.Sprintf("%d.%03d", ns/int64(time.Second), ns%int64(time.Second)/int64(time.Millisecond))
}

// close writes the report. It comes to its place as a whole or not at all.
func (j *junitFile) close(s *junitSuite) error {
	if j == nil {
		return nil
	}
	defer os.Remove(j.cases.Name())
	defer j.cases.Close()
	err := j.buffer.Flush()
	if err == nil {
		_, err = j.cases.Seek(0, io.SeekStart)
	}
	if err == nil && j.path == "-" {
		return junitError(j.write(j.stdout, s))
	}
	if err == nil {
		err = j.replace(s)
	}
	return junitError(err)
}

// replace writes the report beside its place and moves it there; a device is
// written to.
func (j *junitFile) replace(s *junitSuite) error {
	if info, err := os.Stat(j.path); err == nil && !info.Mode().IsRegular() {
		device, err := os.OpenFile(j.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(j.write(device, s), device.Close())
	}
	whole, err := os.CreateTemp(filepath.Dir(j.path), ".zksim-junit-*")
	if err != nil {
		return err
	}
	err = errors.Join(j.write(whole, s), whole.Chmod(0o644), whole.Close())
	if err == nil {
		err = os.Rename(whole.Name(), j.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(whole.Name()))
	}
	return nil
}

// abandon drops the report of a search that did not begin.
func (j *junitFile) abandon() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.cases.Close(), os.Remove(j.cases.Name()))
}

// write writes the whole report.
func (j *junitFile) write(w io.Writer, s *junitSuite) error {
	out := bufio.NewWriter(w)
	out.WriteString(s.head())
	if _, err := io.Copy(out, j.cases); err != nil {
		return err
	}
	out.WriteString("  </testsuite>\n</testsuites>\n")
	return out.Flush()
}

// head is what comes before the cases.
func (s *junitSuite) head() string {
	var b strings.Builder
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="0" skipped="%d" time="%s"`,
		s.tally.runs, s.tally.violated, s.tally.unknown, seconds(int64(s.tally.wall)))
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<testsuites name=\"zksim\" %s>\n  <testsuite name=%s %s>\n    <properties>\n", counts, attribute(s.name), counts)
	for _, p := range s.properties {
		fmt.Fprintf(&b, "      <property name=%s value=%s/>\n", attribute(p.Name), attribute(p.Value))
	}
	b.WriteString("    </properties>\n")
	return b.String()
}

// attribute writes the value of an attribute with its quotes.
func attribute(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	_ = xml.EscapeText(&b, []byte(legible(value))) // a builder takes everything
	b.WriteByte('"')
	return b.String()
}

// legible leaves out what XML cannot hold.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == utf8.RuneError || r >= 0xd800 && r < 0xe000 || r == 0xfffe || r == 0xffff:
			return -1
		}
		return r
	}, text)
}

// documentText tells of a run that is not ok as far as its document does.
func documentText(d *report.Document) string {
	lines := []string{strings.TrimSpace(strings.ToUpper(string(d.Verdict)) + "  " + d.Property)}
	lines = append(lines, fmt.Sprintf("seed %s  profile %s  %s  %s  hash %s", d.Seed, d.Config.Profile,
		report.Plural(d.Config.Servers, "server"), report.Plural(d.Config.Clients, "client"), d.Hash))
	at := fmt.Sprintf("at %s  step %d", report.Clock(time.Duration(d.AtNS)), d.Step)
	for _, word := range []string{d.Server, d.Place} {
		if word != "" {
			at += "  " + word
		}
	}
	lines = append(lines, at)
	if d.Detail != "" {
		lines = append(lines, "", d.Detail)
	}
	for _, part := range []struct {
		title string
		items []string
	}{{"story", d.Story}, {"schedule", d.Schedule}, {"drawn", d.Drawn}, {"repro", d.Repro}} {
		if len(part.items) > 0 {
			lines = append(lines, part.title)
		}
		for _, item := range part.items {
			lines = append(lines, "  "+item)
		}
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// suite is what the report of the search says of all its cases.
func (s *search) suite() *junitSuite {
	p := s.placeOf(&finished{})
	return newSuite("explore", s.tally, &p, s.build)
}

func newSuite(verb string, t *tally, p *place, build report.Build) *junitSuite {
	return &junitSuite{"zksim " + verb, t, []junitProperty{{"version", build.Version}, {"commit", build.Commit},
		{"go", build.Go}, {"seeds", p.Seeds}, {"shard", p.Shard}, {"verdict", string(t.verdict())}}}
}
