package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/zksim/zksim/sim/bundle"
)

// edit has the schedule of a bundle edited by the editor of the user, in a file of
// its own; the bundle's stays what it was. What cannot be read is not thrown away.
func (a *app) edit(b *bundle.Bundle, path string) error {
	editor := a.env("VISUAL")
	if editor == "" {
		editor = a.env("EDITOR")
	}
	switch {
	case editor == "":
		return usagef("--edit wants an editor: set VISUAL or EDITOR to one, such as vi")
	case path == "-":
		return usagef("--edit wants a file: standard input belongs to the editor")
	}
	file, err := writeSchedule(b)
	if err != nil {
		return fmt.Errorf("cannot write the schedule for the editor: %w", err)
	}
	if err := a.runEditor(editor, file); err != nil {
		return fmt.Errorf("the editor %q failed (%w); what there is of the schedule is in %s", editor, err, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot read the schedule back: %w", err)
	}
	if err := b.SetSchedule(file, text); err != nil {
		return unjudged(fmt.Sprintf("%v; mend it there, and put it into the part schedule of a bundle", err))
	}
	return os.Remove(file)
}

// writeSchedule puts the schedule into a new file.
func writeSchedule(b *bundle.Bundle) (path string, err error) {
	file, err := os.CreateTemp("", "zksim-*.schedule")
	if err != nil {
		return "", err
	}
	_, err = file.Write(b.ScheduleText())
	return file.Name(), errors.Join(err, file.Close())
}

// runEditor runs an editor, which may be a command with arguments, and waits for
// its end. What it prints goes to standard error: results are on standard output.
func (a *app) runEditor(editor, file string) error {
	cmd := exec.Command("sh", "-c", editor+` "$1"`, "sh", file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stderr, a.stderr
	return cmd.Run()
}
