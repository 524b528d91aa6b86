package main

import (
	"runtime/debug"
	"time"
)

// version is that of the build, as the go command recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value[:min(len(s.Value), 12)]
		}
	}
	return v
}

// protocolVersion is the version of ZooKeeper that clients may take this server for.
const protocolVersion = "3.8.0"

// shownVersion is what four-letter words say, in ZooKeeper's form: clients read
// the numbers.
func shownVersion() string {
	commit, built := "zksim", time.Unix(0, 0)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.time":
				if at, err := time.Parse(time.RFC3339, s.Value); err == nil {
					built = at
				}
			}
		}
	}
	return protocolVersion + "-" + commit + ", built on " + built.UTC().Format("2006-01-02 15:04 MST")
}
