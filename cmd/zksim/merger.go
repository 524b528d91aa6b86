package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/report"
)

// merger reads the lines of shards and sees whether they fit together. It keeps
// where each line is, not what it says.
type merger struct {
	files   []*shardFile
	first   *line // that was read; all others are compared with it
	from    spot  // of first
	parts   []*part
	seeds   map[uint64]spot
	torn    []string // of each file that ends within a line, a sentence
	spooled string   // a file to be removed
	cut     bool     // a shard was, by --timeout

	enough func() error // an error ends the reading
}

// shardFile is a file that is open.
type shardFile struct {
	name string
	file *os.File
}

// spot is a line of a file, from 1.
type spot struct {
	file *shardFile
	line int
}

func (s spot) String() string { return fmt.Sprintf("%s:%d", s.file.name, s.line) }

// part is one set of seeds, which was divided into shards or not.
type part struct {
	text    string
	set     *seedSet // nil where there is no end
	shards  uint64
	from    spot
	timeout bool
	entries []*entry
}

// entry is one run.
type entry struct {
	spot
	offset int64
	size   int
	place  uint64 // from 0
}

func newMerger(enough func() error) *merger {
	return &merger{seeds: map[uint64]spot{}, enough: enough}
}

// close closes all files.
func (m *merger) close() {
	for _, f := range m.files {
		f.file.Close()
	}
	if m.spooled != "" {
		os.Remove(m.spooled)
	}
}

// lineMost bounds a line, in bytes.
const lineMost = 64 << 20

// read takes a file in.
func (m *merger) read(name string, file *os.File) error {
	f := &shardFile{name, file}
	m.files = append(m.files, f)
	in := bufio.NewReaderSize(file, 1<<16)
	e := entry{spot: spot{f, 1}}
	for ; ; e.line++ {
		text, err := wholeLine(in)
		if err == errTorn && e.line > 1 {
			m.torn = append(m.torn, fmt.Sprintf("%v: %v", e.spot, err))
			return nil // the lines before it hold
		}
		if err == io.EOF && e.line > 1 {
			return nil
		}
		if err == io.EOF {
			err = errors.New("the file is empty: the shard has not run, or has printed nothing")
		}
		if err == nil {
			err = m.enough()
		}
		if err == nil {
			here := e
			here.size = len(text)
			err = m.take(&here, text)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", e.spot, err)
		}
		e.offset += int64(len(text))
	}
}

// errTorn is what becomes of a line when its writer is killed, or finds no room.
var errTorn = errors.New("the line has no end: the file was cut off; run the shard again")

// wholeLine reads a line with its end; the error is io.EOF behind the last one,
// and errTorn at one without an end.
func wholeLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return text, nil
		case len(text) > lineMost:
			return nil, fmt.Errorf("the line has more than %d MiB; this is not the output of zksim explore --json", lineMost>>20)
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(text) > 0:
			return nil, errTorn
		default:
			return nil, err
		}
	}
}

// parseLine reads a line of zksim explore --json.
func parseLine(text []byte) (*line, error) {
	l := &line{}
	dec := json.NewDecoder(bytes.NewReader(text))
	err := dec.Decode(l)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = errors.New("there is something behind the object")
		}
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("this is no line of zksim explore --json: %w", err)
	case l.Schema == 0 || l.Search.Shard == "":
		return nil, errors.New("this is no line of zksim explore --json: it has no schema, or no search")
	case l.Schema != report.Schema:
		return nil, fmt.Errorf("its schema is %d, this version reads %d", l.Schema, report.Schema)
	}
	if _, err := exitCode(l.Verdict); err != nil {
		return nil, fmt.Errorf("%.40q is no verdict", l.Verdict)
	}
	return l, nil
}

// take takes a line in.
func (m *merger) take(e *entry, text []byte) error {
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	if m.first == nil {
		m.first, m.from = l, e.spot
	}
	if what, here, there := disagreement(l, m.first); what != "" {
		return fmt.Errorf("%s is %s, and %s at %v; shards of one search have the same", what, here, there, m.from)
	}
	p, err := m.partOf(e, l)
	if err != nil {
		return err
	}
	return m.file(p, e, l)
}

// disagreement names something in which two lines differ that has to be the same.
func disagreement(l, first *line) (what, here, there string) {
	for _, same := range []struct {
		what        string
		here, there any
	}{
		{"the version", l.Version, first.Version}, {"the commit", l.Commit, first.Commit}, {"the Go release", l.Go, first.Go},
		{"the number of servers", l.Config.Servers, first.Config.Servers}, {"the number of clients", l.Config.Clients, first.Config.Clients},
		{"for_ns", l.Config.ForNS, first.Config.ForNS}, {"the profile", l.Config.Profile, first.Config.Profile},
		{"the list of bugs", l.Config.Bugs, first.Config.Bugs}, {"the list of faults", l.Search.Faults, first.Search.Faults},
	} {
		if here, there := fmt.Sprintf("%q", same.here), fmt.Sprintf("%q", same.there); here != there {
			return same.what, fmt.Sprint(same.here), fmt.Sprint(same.there)
		}
	}
	return "", "", ""
}

// partOf gives the set of seeds that a line is of.
func (m *merger) partOf(e *entry, l *line) (*part, error) {
	shard, err := parseShard(l.Search.Shard)
	if err != nil {
		return nil, err
	}
	for _, p := range m.parts {
		if p.text != l.Search.Seeds {
			continue
		}
		if p.shards != shard.of {
			return nil, fmt.Errorf("the shard is %v, and at %v there are %d; a search is divided once", &shard, p.from, p.shards)
		}
		p.timeout = p.timeout || l.Search.Timeout > 0
		return p, nil
	}
	p := &part{text: l.Search.Seeds, shards: shard.of, from: e.spot, timeout: l.Search.Timeout > 0}
	if p.text != "" {
		if p.set, err = parseSeeds(p.text); err != nil {
			return nil, fmt.Errorf("search.seeds: %w", err)
		}
	}
	m.parts = append(m.parts, p)
	return p, nil
}

func parseShard(text string) (v shardValue, err error) {
	if err = v.Set(text); err == nil && v.auto {
		err = errors.New("search.shard is auto")
	}
	return v, err
}

// file files a line under its set of seeds, at a place that must be free.
func (m *merger) file(p *part, e *entry, l *line) error {
	seed, err := repro.ParseSeed(l.Seed)
	if err != nil {
		return fmt.Errorf("%.40q: %w", l.Seed, err)
	}
	shard, err := parseShard(l.Search.Shard)
	if err != nil {
		return err
	}
	set := p.set
	if set == nil {
		set = everySeed()
	}
	e.place = l.Search.Place - 1
	want, ok := set.at(e.place)
	switch {
	case !ok || want != seed || e.place%p.shards != shard.n-1:
		return fmt.Errorf("seed %s is not at place %d of shard %v of the seeds %s; the line was changed",
			l.Seed, l.Search.Place, &shard, p.name())
	case m.seeds[seed] != spot{}:
		return fmt.Errorf("seed %s is also at %v; shards do not overlap: each file once, and no two searches with the same seeds", l.Seed, m.seeds[seed])
	}
	m.seeds[seed] = e.spot
	p.entries = append(p.entries, e)
	return nil
}

// name is the seeds in words.
func (p *part) name() string {
	if p.text == "" {
		return "from 1 on"
	}
	return p.text
}

// inOrder lists all runs in the order of their seeds.
func (m *merger) inOrder() []*entry {
	var list []*entry
	for _, p := range m.parts {
		list = append(list, p.inOrder()...)
	}
	return list
}

func (p *part) inOrder() []*entry {
	slices.SortFunc(p.entries, func(a, b *entry) int { return compare(a.place, b.place) }) // total order: no place is there twice
	return p.entries
}

// text reads a line again.
func (m *merger) text(e *entry) ([]byte, error) {
	text := make([]byte, e.size)
	if _, err := e.spot.file.file.ReadAt(text, e.offset); err != nil {
		return nil, fmt.Errorf("cannot read %v again: %w", e.spot, err)
	}
	return text, nil
}

// lacking says what is not there: the rest of a line, shards, runs in the middle
// of one, and the end of one where no --timeout explains it.
func (m *merger) lacking() []string {
	sentences := m.torn
	for _, p := range m.parts {
		shards := p.byShard()
		if s := p.missing(shards); s != "" {
			sentences = append(sentences, s)
		}
		for _, n := range slices.Sorted(maps.Keys(shards)) {
			if s := m.lackingOf(p, shardValue{n: n, of: p.shards}, shards[n]); s != "" {
				sentences = append(sentences, s)
			}
		}
	}
	return sentences
}

// byShard lists the runs of each shard that has some, in their order.
func (p *part) byShard() map[uint64][]*entry {
	shards := map[uint64][]*entry{}
	for _, e := range p.inOrder() {
		n := e.place%p.shards + 1
		shards[n] = append(shards[n], e)
	}
	return shards
}

// missing names the shards of which there is no run at all.
func (p *part) missing(shards map[uint64][]*entry) string {
	want := p.shards
	if p.set != nil {
		want = min(want, p.set.count) // the others have no seeds
	}
	lost := want - uint64(len(shards))
	if lost == 0 {
		return ""
	}
	first := shardValue{n: 1, of: p.shards}
	for shards[first.n] != nil {
		first.n++
	}
	if lost == 1 {
		return fmt.Sprintf("shard %v of the seeds %s is missing: no file has a line of it", &first, p.name())
	}
	return fmt.Sprintf("%d shards of the seeds %s are missing, %v is the first: no file has a line of them", lost, p.name(), &first)
}

func (m *merger) lackingOf(p *part, shard shardValue, entries []*entry) string {
	for i, e := range entries {
		if place := shard.place(uint64(i)); e.place != place {
			return fmt.Sprintf("shard %v of the seeds %s: the run at place %d is missing before %v", &shard, p.name(), place+1, e.spot)
		}
	}
	count := uint64(len(entries))
	switch {
	case p.set != nil && count == shard.share(p.set.count):
		return ""
	case p.timeout:
		m.cut = true
		return ""
	case p.set == nil:
		return fmt.Sprintf("%v: shard %v has seeds without an end and no --timeout; the line was changed", entries[0].spot, &shard)
	}
	return fmt.Sprintf("%v: shard %v of the seeds %s ends here, after %d of its %d runs; it was interrupted, or the file was cut off",
		entries[count-1].spot, &shard, p.name(), count, shard.share(p.set.count))
}

// whole is the search that the shards are of.
func (m *merger) whole() *place {
	var names []string
	for _, p := range m.parts {
		names = append(names, p.name())
	}
	return &place{Seeds: strings.Join(names, ", "), Faults: m.first.Search.Faults}
}
