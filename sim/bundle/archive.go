package bundle

import "bytes"

// part is one file of an archive.
type part struct {
	name string
	line int // of its first line within the archive, from 1
	data []byte
}

// split cuts a txtar archive into the comment before the first part, and the
// parts, which share the memory of the archive.
func split(archive []byte) (comment []byte, parts []part) {
	begin := 0 // of what the last marker heads
	put := func(end int) {
		if len(parts) == 0 {
			comment = archive[:end]
		} else {
			parts[len(parts)-1].data = archive[begin:end]
		}
	}
	for at, n := 0, 1; at < len(archive); n++ {
		next := len(archive)
		if i := bytes.IndexByte(archive[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		if name := marked(archive[at:next]); name != "" {
			put(at)
			parts = append(parts, part{name: name, line: n + 1})
			begin = next
		}
		at = next
	}
	put(len(archive))
	return comment, parts
}

// marked gives the name in a line of the form "-- NAME --", or "".
func marked(line []byte) string {
	line = bytes.TrimRight(line, "\r\n")
	rest, ok := bytes.CutPrefix(line, []byte("-- "))
	if !ok {
		return ""
	}
	name, ok := bytes.CutSuffix(rest, []byte(" --"))
	if !ok {
		return ""
	}
	return string(bytes.TrimSpace(name))
}

// join makes an archive. A part that does not end with a line break gets one.
func join(comment string, parts []part) []byte {
	var b bytes.Buffer
	b.WriteString(comment)
	for _, p := range parts {
		b.WriteString("-- " + p.name + " --\n")
		b.Write(p.data)
		if len(p.data) > 0 && p.data[len(p.data)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
