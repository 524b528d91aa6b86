package main

// colourful decides whether to colour, from --color, the environment and
// whether standard output is a terminal. NO_COLOR beats the variables that
// force colour.
func (a *app) colourful(mode string) bool {
	switch {
	case mode != "auto":
		return mode == "always"
	case a.env("NO_COLOR") != "":
		return false
	case forces(a.env("CLICOLOR_FORCE")), forces(a.env("FORCE_COLOR")):
		return true
	}
	return a.terminal && a.env("TERM") != "dumb"
}

func forces(value string) bool { return value != "" && value != "0" }
