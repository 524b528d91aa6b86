package proto

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMarshalling is wrapped by every decoding error.
var ErrMarshalling = errors.New("proto: malformed record")

// MaxFrame is the longest client frame, ZooKeeper's default jute.maxbuffer.
const MaxFrame = 0xFFFFF

// AppendInt, AppendLong, AppendBool, AppendBuffer and AppendString append one
// jute value to b and return the extended slice.
func AppendInt(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

// AppendLong appends a big-endian int64.
func AppendLong(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

// AppendBool appends one byte, 0 or 1.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendBuffer appends length and bytes; nil is written as null (length -1).
func AppendBuffer(b, v []byte) []byte {
	if v == nil {
		return AppendInt(b, -1)
	}
	return append(AppendInt(b, int32(len(v))), v...)
}

// AppendString appends length and UTF-8 bytes.
func AppendString(b []byte, v string) []byte {
	return append(AppendInt(b, int32(len(v))), v...)
}

// AppendStrings appends a vector of strings; nil is written as an empty vector.
func AppendStrings(b []byte, v []string) []byte {
	b = AppendInt(b, int32(len(v)))
	for _, s := range v {
		b = AppendString(b, s)
	}
	return b
}

// BeginFrame appends a four-byte hole for a frame length and returns its
// position, to be filled by [EndFrame] once the payload has been appended.
func BeginFrame(b []byte) ([]byte, int) { return append(b, 0, 0, 0, 0), len(b) }

// EndFrame writes the length of everything after the hole at pos into the hole.
func EndFrame(b []byte, pos int) []byte {
	binary.BigEndian.PutUint32(b[pos:], uint32(len(b)-pos-4))
	return b
}

// Decoder reads jute values from a byte slice. The first error sticks: later
// reads return zero values, and Err reports what went wrong and where. A
// Decoder is a plain value and starts with NewDecoder.
type Decoder struct {
	buf []byte
	off int
	err error
}

// NewDecoder returns a decoder over b. Buffers that it returns alias b.
func NewDecoder(b []byte) Decoder { return Decoder{buf: b} }

// Err returns the first error, which wraps [ErrMarshalling], or nil.
func (d *Decoder) Err() error { return d.err }

// Offset returns the number of bytes consumed.
func (d *Decoder) Offset() int { return d.off }

// Rest returns the bytes that have not been consumed.
func (d *Decoder) Rest() []byte { return d.buf[d.off:] }

// Fail records an error of the caller's, unless one is recorded already.
func (d *Decoder) Fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: offset %d: %s", ErrMarshalling, d.off, fmt.Sprintf(format, args...))
	}
}

func (d *Decoder) take(n int, what string) []byte {
	if d.err != nil {
		return nil
	}
	if n > len(d.buf)-d.off {
		d.Fail("%s needs %d bytes, %d left", what, n, len(d.buf)-d.off)
		return nil
	}
	b := d.buf[d.off : d.off+n : d.off+n]
	d.off += n
	return b
}

// Int reads an int32.
func (d *Decoder) Int() int32 {
	if b := d.take(4, "int"); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

// Long reads an int64.
func (d *Decoder) Long() int64 {
	if b := d.take(8, "long"); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// Bool reads one byte; anything but 0 is true, as in ZooKeeper.
func (d *Decoder) Bool() bool {
	b := d.take(1, "bool")
	return b != nil && b[0] != 0
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if b := d.take(1, "byte"); b != nil {
		return b[0]
	}
	return 0
}

// Buffer reads length and bytes; null gives nil, an empty buffer a non-nil
// empty slice. The result aliases the decoder's input.
func (d *Decoder) Buffer() []byte {
	n := d.Int()
	if d.err != nil || n == -1 {
		return nil
	}
	if n < 0 {
		d.Fail("negative buffer length %d", n)
		return nil
	}
	if n == 0 {
		return []byte{}
	}
	return d.take(int(n), "buffer")
}

// Text reads a string. A null string is an error: no record of ours allows it.
func (d *Decoder) Text() string {
	n := d.Int()
	if d.err != nil {
		return ""
	}
	if n < 0 {
		d.Fail("negative string length %d", n)
		return ""
	}
	return string(d.take(int(n), "string"))
}

// null consumes the length of a null vector, if one comes next.
func (d *Decoder) null() bool {
	rest := d.Rest()
	if d.err != nil || len(rest) < 4 || int32(binary.BigEndian.Uint32(rest)) != -1 {
		return false
	}
	d.off += 4
	return true
}

// Count reads the length of a vector whose items take at least minSize bytes
// each; null gives 0. More items than the remaining bytes can hold is an error,
// so a caller may allocate for the result.
func (d *Decoder) Count(minSize int) int {
	n := d.Int()
	if d.err != nil || n == -1 {
		return 0
	}
	if n < 0 || int64(n)*int64(minSize) > int64(len(d.buf)-d.off) {
		d.Fail("vector of %d items, %d bytes left", n, len(d.buf)-d.off)
		return 0
	}
	return int(n)
}

// Strings reads a vector of strings.
func (d *Decoder) Strings() []string {
	n := d.Count(4)
	if n == 0 {
		return nil
	}
	out := make([]string, 0, n)
	for range n {
		out = append(out, d.Text())
	}
	return out
}
