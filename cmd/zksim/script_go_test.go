package main

import (
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// goEnvironment lets the scripts use the go command and git: with what has been
// built and loaded before, without the network, and as somebody who commits.
func goEnvironment(env *testscript.Env) error {
	names := []string{"GOCACHE", "GOMODCACHE", "GOROOT"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return err
	}
	for i, value := range strings.Fields(string(out)) {
		env.Setenv(names[i], value)
	}
	for _, entry := range [][2]string{{"GOPROXY", "off"}, {"GOTOOLCHAIN", "local"}, {"GOFLAGS", ""}, {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_SYSTEM", "/dev/null"},
		{"GIT_AUTHOR_NAME", "Tester"}, {"GIT_AUTHOR_EMAIL", "tester@example.org"}, {"GIT_COMMITTER_NAME", "Tester"}, {"GIT_COMMITTER_EMAIL", "tester@example.org"}} {
		env.Setenv(entry[0], entry[1])
	}
	return nil
}
