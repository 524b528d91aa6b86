package host

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// machine tells the core what its four-letter words show of the machine.
type machine struct {
	dataDir, logDir string

	mu        sync.Mutex
	measuring bool
	data, log int64 // as measured last
}

func newMachine(dataDir, logDir string) *machine { return &machine{dataDir: dataDir, logDir: logDir} }

// measureWait is how long the loop may wait for a directory to be measured. On a
// disk that hangs it then goes on with what was measured before.
const measureWait = 50 * time.Millisecond

// DirSizes is part of node.Machine.
func (m *machine) DirSizes() (data, log int64) {
	done := make(chan struct{})
	if m.begin() {
		go func() {
			defer close(done)
			m.measured(dirSize(m.dataDir), dirSize(m.logDir))
		}()
		select {
		case <-done:
		case <-time.After(measureWait):
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, m.log
}

// begin reports whether nobody measures already.
func (m *machine) begin() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !m.measuring
	m.measuring = true
	return first
}

func (m *machine) measured(data, log int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data, m.log, m.measuring = data, log, false
}

// dirSize leaves out what vanishes meanwhile.
func dirSize(dir string) int64 {
	sum := int64(0)
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// Descriptors is part of node.Machine.
func (m *machine) Descriptors() (open, most int64) { return openDescriptors(), maxDescriptors() }

// openDescriptors counts them where the system lists them, else gives -1.
func openDescriptors() int64 {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return -1
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return -1
	}
	return int64(len(names) - 1) // without d
}

const megabyte = 1 << 20

// Environment is part of node.Machine: the keys that ZooKeeper shows, though
// there is no Java here. What has no counterpart is "<NA>".
func (m *machine) Environment() []string {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	name, _ := os.Hostname()
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	megabytes := func(b uint64) string { return strconv.FormatUint(b/megabyte, 10) + "MB" }
	return []string{
		"host.name=" + name, "java.version=" + runtime.Version(), "java.vendor=<NA>", "java.home=<NA>",
		"java.class.path=<NA>", "java.library.path=<NA>", "java.io.tmpdir=" + os.TempDir(), "java.compiler=" + runtime.Compiler,
		"os.name=" + systemName(), "os.arch=" + runtime.GOARCH, "os.version=" + kernelVersion(),
		"user.name=" + cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"), "<NA>"), "user.home=" + home, "user.dir=" + dir,
		"os.memory.free=" + megabytes(mem.HeapIdle-mem.HeapReleased), "os.memory.max=" + megabytes(mem.Sys), "os.memory.total=" + megabytes(mem.HeapSys),
	}
}

func systemName() string {
	if runtime.GOOS == "linux" {
		return "Linux"
	}
	return runtime.GOOS
}

// kernelVersion is known on Linux only.
func kernelVersion() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "<NA>"
	}
	return string(b[:max(len(b)-1, 0)])
}
